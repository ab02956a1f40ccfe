"""What is found in a text, what is not, and in which time."""

import base64
import hashlib
import random
import string
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from plugins.secrets.detector import OVERLAP, PIECE, Detector, Source, pieces
from plugins.secrets.kinds import KINDS
from plugins.secrets.rules import KnownKeys, RulesFailed
from tests.plugins.secrets import secret_samples as sample


@pytest.fixture(scope="module")
def keys() -> KnownKeys:
    return KnownKeys(cache=True, timeout=5.0)


@pytest.fixture(scope="module")
def detector(keys: KnownKeys) -> Detector:
    return Detector(keys, KINDS, ())


def found(detector: Detector, text: str) -> list[tuple[str, str]]:
    return [(one.entity, text[one.start : one.end]) for one in detector.find(Source(text))]


@pytest.mark.parametrize(
    "key",
    [
        sample.GITHUB,
        sample.GITLAB,
        sample.SLACK,
        sample.GOOGLE,
        sample.STRIPE,
        pytest.param(sample.AWS_ID, id="without its secret"),
    ],
)
def test_keys_of_known_make_need_no_context(detector: Detector, key: str):
    assert found(detector, f"try {key}, please") == [("API_KEY", key)]
    assert [value for _, value in found(detector, f"naïve “{key}”")] == [key]


def test_both_halves_of_a_pair_are_found(detector: Detector):
    text = f"aws_access_key_id={sample.AWS_ID}\naws_secret_access_key = {sample.AWS_SECRET}\n"
    assert found(detector, text) == [("API_KEY", sample.AWS_ID), ("API_KEY", sample.AWS_SECRET)]


def test_a_key_in_base64_is_found(detector: Detector):
    hidden = base64.b64encode(f"token {sample.GITHUB}".encode()).decode()
    assert found(detector, f"data: {hidden} end") == [("API_KEY", hidden)]


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("password: hunter2", "hunter2"),
        ("Password = 'open sesame'", "open sesame"),
        ("pwd=s3cret!", "s3cret!"),
        ("The password is tulip77.", "tulip77"),
        ("the default password for the user 'anna' is 'blooberry'", "blooberry"),
        ("das Passwort für den Server ist Geheim123", "Geheim123"),
        ("le mot de passe de marie est soleil123", "soleil123"),
        ("mot de passe pour le serveur est soleil123", "soleil123"),
        ("la contraseña del servidor es verano123", "verano123"),
        ("het wachtwoord voor de server is zomer123", "zomer123"),
        ("Set DB_PASSWORD to 'p q'", "p q"),
        ('"AdminPassword" : "thisismypassword"', "thisismypassword"),
        (r"{\"password\": \"Tr0ub\"}", "Tr0ub"),
        ("Server=db;User Id=sa;Password=#gets0m3;Database=x", "#gets0m3"),
        ('<add key="SmtpPassword" value="Prestigio$"/>', "Prestigio$"),
        ("<password>geheim</password>", "geheim"),
        ("machine example.com login anna password tulip", "tulip"),
        ("create user anna identified by 'tulip'", "tulip"),
        ("mysql -u root -ptulip7 shop", "tulip7"),
        ("sshpass -p tulip7 ssh anna@example.com", "tulip7"),
        ("psexec \\\\host -u Admin -p braksha cmd", "braksha"),
        ('new NetworkCredential("anna", "vzihlaqu")', "vzihlaqu"),
        ("dbPass := `tulip7`", "tulip7"),
        ("Passwort: Sommer24!", "Sommer24!"),
        ("contraseña: girasol9", "girasol9"),
        ("пароль: лето2024", "лето2024"),  # noqa: RUF001
        ("$2b$12$LQv3c1yqBWVHxkd0LHAkCOYz6TtxMQJqhN8/LewKyNiLNm", None),
    ],
)
def test_passwords_in_context(detector: Detector, text: str, password: str | None):
    assert found(detector, text) == [("PASSWORD", password or text)]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('API_KEY="951bc382db9abad29c68634761dd6e19"', "951bc382db9abad29c68634761dd6e19"),
        ("client_secret: 7e4e5297-691a-473c-a0c7-d43b997ec1b8", None),
        ("Authorization: Bearer 7727d2fa5e8f7d37de25ef38", "7727d2fa5e8f7d37de25ef38"),
        ("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("curl 'https://h.example/?access_token=a1b2c3d4e5f6&x=1'", "a1b2c3d4e5f6"),
        ("VAULT_TOKEN=hvs.JGbZZaCkOSgsZ56uhGlT", "hvs.JGbZZaCkOSgsZ56uhGlT"),
        ("key_86aed0092d14dd6aae4e8ad107d52f76", "key_86aed0092d14dd6aae4e8ad107d52f76"),
    ],
)
def test_keys_in_context(detector: Detector, text: str, key: str | None):
    assert found(detector, text) == [("API_KEY", key or text.partition(": ")[2])]


@pytest.mark.parametrize(
    ("text", "entity", "value"),
    [
        ("psw: tulip77", "PASSWORD", "tulip77"),
        ('smtp.login(username, "tulip77")', "PASSWORD", "tulip77"),
        ("service.log_in(account, 'correct horse battery')", "PASSWORD", "correct horse battery"),
        ("Authorization: Bearer mF_9.B5f-4.1JqM", "API_KEY", "mF_9.B5f-4.1JqM"),
        ('{"Authorization": "Bearer mF_9.B5f-4"}', "API_KEY", "mF_9.B5f-4"),
        ("Authorization: Basic YTpi", "API_KEY", "YTpi"),
        (
            "API Key\n0fff5f614cbcafefb9c1ba319b9905d2",
            "API_KEY",
            "0fff5f614cbcafefb9c1ba319b9905d2",
        ),
        ("key_live_hcnegO5R0SbbpAe1M4rjvgckbFMeQB2N", "API_KEY", None),
        ("mysqldump --password=tulip77 shop", "PASSWORD", "tulip77"),
        ("tool --password tulip77 run", "PASSWORD", "tulip77"),
        ("curl -u anna:tulip77 https://h.example/", "API_KEY", "anna:tulip77"),
        ("curl --user 'anna:tu lip77' https://h.example/", "API_KEY", "'anna:tu lip77'"),
        ("curl -s -uanna:tulip77 https://h.example/", "API_KEY", "anna:tulip77"),
        ("tool --api-key a1b2c3d4e5f6 run", "API_KEY", "a1b2c3d4e5f6"),
        ("export PGPASSWORD=tulip77; psql", "PASSWORD", "tulip77"),
        ("docker run -e MYSQL_ROOT_PASSWORD=tulip77 mysql", "PASSWORD", "tulip77"),
        ("X-Api-Key: a1b2c3d4e5f6g7", "API_KEY", "a1b2c3d4e5f6g7"),
        ("spring:\n  datasource:\n    password: tulip77\n", "PASSWORD", "tulip77"),
        ("password: >-\n  tulip77\n", "PASSWORD", "tulip77"),
        ('{"password":"tulip77"}', "PASSWORD", "tulip77"),
        (r"{\"password\":\"tulip77\"}", "PASSWORD", "tulip77"),
        (r"{\\\"password\\\":\\\"tulip77\\\"}", "PASSWORD", "tulip77"),
        (
            "AccountName=a;AccountKey=Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB==;",
            "API_KEY",
            "Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB==",
        ),
        ("redis-cli -h cache -a tulip77x ping", "PASSWORD", "tulip77x"),
        (
            "https://discord.com/api/webhooks/123456789012345678/aB3dE6gH9jK2mN5qR8tV1xY4zC7f",
            "API_KEY",
            None,
        ),
    ],
)
def test_where_people_write_secrets(detector: Detector, text: str, entity: str, value: str | None):
    assert found(detector, text) == [(entity, value or text)]


@pytest.mark.parametrize(
    "text",
    [
        sample.POSTGRES,
        "mongodb+srv://anna:tulip@cluster0.example.net/x",
        "redis://:tulip7@cache:6379/0",
        "amqp://anna:s2Tf2k@rLMy@example.com:5671",
        "https://anna:tulip7@example.com/repo.git",
    ],
)
def test_an_address_with_a_password_is_hidden_as_a_whole(detector: Detector, text: str):
    assert found(detector, text) == [("CONNECTION_STRING", text)]
    assert found(detector, f"see {text}.") == [("CONNECTION_STRING", text)]


@pytest.mark.parametrize(
    "text",
    [
        sample.PEM,
        sample.PEM.replace("\n", "\\n"),
        sample.PEM.replace(" RSA", ""),
        sample.PEM.replace(" RSA", " OPENSSH"),
        sample.PEM.replace("RSA PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
        sample.PEM.partition("-----END")[0].rstrip(),
    ],
)
def test_a_private_key_is_one_span(detector: Detector, text: str):
    assert found(detector, text) == [("PRIVATE_KEY", text)]
    assert found(detector, f"a: {text}\n\nb") == [("PRIVATE_KEY", text)]


def test_a_key_that_breaks_off_does_not_take_the_rest(detector: Detector):
    broken = sample.PEM.partition("-----END")[0]
    text = f"{broken}\n(that was all)\n{sample.PEM}"
    assert found(detector, text) == [
        ("PRIVATE_KEY", broken.rstrip()),
        ("PRIVATE_KEY", sample.PEM),
    ]


def test_tokens_and_random_strings(detector: Detector):
    assert found(detector, f"it is {sample.JWT} here") == [("ACCESS_TOKEN", sample.JWT)]
    assert found(detector, f"it is {sample.RANDOM} here") == [("RANDOM_STRING", sample.RANDOM)]


CHANCE = random.Random(0)


def chance(size: int) -> bytes:
    return CHANCE.randbytes(size)


@pytest.mark.parametrize(
    "text",
    [
        "aws_access_key: AKIAIOSFODNN7EXAMPLE",
        "API_KEY=sk_live_a2V5Xzexampleexampleexampleexample",
        "token: YMqNfVWiTSa0QgpoJ9GpCw==:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "api_secret = my-dummy-key-1a2b3c4d5e6f",
        'keyChars = "0123456789abcdefghijklmnopqrstuvwxyz_-."',
        "AIzaSyDMAScliyLx7F0NPDEJi1QmyCgHIAODrlU",
        "https://alice:s3cr3t@api.example.com/v1",
        "redis://:hunter2@cache.example:6379/0",
        "redis://:redis-password-goes-here@cache/",
        "ssh://foo:bar@git",
        'password: "{cipher}AQB4aLongEncryptedValue"',
        'password: "ENC(VeryLongEncryptedPayload123==)"',
        'password: "vault:v1:AbCdEfGhIjKlMnOpQrStUvWxYz012345"',
        "password: ENC[AES256_GCM,data:O+5l4g==,iv:2qF98ZkchgfWF4tZo8fok6zY0ZLNRV3w=,tag:a==]",
        "CLIENT_ID=lummMHS7anTA5V8tApW5cSTVzQ0aFOie",
        "primaryKey=nl49PO6Cz2sk4EMOOgydOLCtvICdk7",
        "csrf-token=Mj2qykJO5rELyHgezQ69nzUX0i3OH67V7+V4eUrLfp==",
        '<img src="./gifs/api-c99e353f761d318322c853c03e.gif">',
        "password: four attempts",
        "my key: PERSON_h5d1c0e2f9a7b4c63, password: EMAIL_ADDRESS_h5d1c0e2f9a7b4c63",
        "postgres://PERSON_1:PASSWORD_1@db/x",
        "curl -u PERSON_1:PASSWORD_1 https://h.example/",
        "pwd==34.4.10.5",
        "v11.20.18: tokenize 4b13786537783dd3d673da2f16d16a5a63c9da87",
        "v26.6.32-rc6: secrets 54312c729055203ddbbc09cb1542ea10ad1a8b09",
        'curl -H "Authorization: Bearer $(gcloud auth print-access-token)" https://h.example',
        "Authorization: Bearer ${TOKEN_2} or Bearer {{ token2 }}, Basic Authentication",
        "algorithm PBEWithHmacSHA256AndAES_256",
        "CLIENT_ID=1000.1JZDD95kKw2CRTfdSibj0EzoVbx5Rn",
    ],
)
def test_examples_and_what_is_sealed_are_no_secrets(detector: Detector, text: str):
    assert found(detector, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "postgres://alice:kV9tulip@db.example.com/app",
        "postgres://alice:hunter2@db.internal/app",
        "session_id=lummMHS7anTA5V8tApW5cSTVzQ0aFOie",
        "password: EXAMPLE-of-a-real-1",
        "client_id=abc client_secret=lummMHS7anTA5V8tApW5cSTVzQ0aFOie",
    ],
)
def test_what_only_resembles_an_example_is_found(detector: Detector, text: str):
    assert found(detector, text)


@pytest.mark.parametrize(
    "text",
    [
        f"commit {hashlib.sha1(b'x').hexdigest()}",
        f"sha256:{hashlib.sha256(b'x').hexdigest()}",
        f"trace={chance(16).hex()} md5 {chance(16).hex()}",
        f"request {uuid.UUID(bytes=chance(16))}",
        f'"integrity": "sha512-{base64.b64encode(chance(64)).decode()}"',
        f"![x](data:image/png;base64,{base64.b64encode(chance(600)).decode()})",
        base64.encodebytes(chance(600)).decode(),
        base64.b64encode(chance(6000)).decode(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx1eY4Gq2R8kT0vL5wN7bM3cD9fH6jK1pS4uX2zA8eQ",
        f"https://docs.example/d/{base64.urlsafe_b64encode(chance(33)).decode()}/edit",
        "ImplementsLessThanEqualToPEP451AndPEP302Tests",
        base64.b64encode(b"just some text in base64, readable").decode(),
        "token_url = 'https://example.com/oauth/token'",
        "password_hash: str",
        "def login(user, password=None): ...",
        "password = getpass.getpass('Password: ')",
        "self.password = request.form['password']",
        "login(password=password, token=self.token)",
        "password: ${DB_PASSWORD}",
        "password: {{ vault_password }}",
        "PASSWORD=$PASSWORD",
        "password: ********",
        '"password": "<your password>"',
        "label: 'Enter your password:'",
        "I forgot my password. The password is wrong, and a secret is a secret.",
        "the token is expired; the key to success is patience",
        "public_key = 9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit",
        "primaryKey: user2profile, max_tokens: 4096, num_tokens=12345678",
        "csrf_token: a1b2c3d4e5f6a7b8",
        "postgres://<user>:<password>@db/app and postgres://user:password@localhost/db",
        "password_encryption: SCRAM-SHA-256",
        "if x: pass",
        "the file begins with -----BEGIN PRIVATE KEY----- and then come lines of base64",
        "api_key: 00000000-0000-0000-0000-000000000000",
        "sk-00000000000000000000000000000000",
        "EMAIL_ADDRESS_1 has password: PASSWORD_3 and key API_KEY_1",
    ],
)
def test_what_is_no_secret(detector: Detector, text: str):
    assert found(detector, text) == []


def test_names_and_numbers_are_judged_by_form_alone(detector: Detector):
    assert detector.find(Source(f"{sample.RANDOM} password: hunter2", free=False)) == []
    assert detector.find(Source(sample.GITHUB, free=False))


def test_only_wanted_kinds_and_no_allowed_values(keys: KnownKeys):
    text = f"password: hunter2 {sample.GITHUB} {sample.JWT}"
    assert [kind for kind, _ in found(Detector(keys, {"PASSWORD"}, ()), text)] == ["PASSWORD"]
    allowing = Detector(keys, KINDS, ("hunter2", sample.GITHUB))
    assert found(allowing, text) == [("ACCESS_TOKEN", sample.JWT)]


def test_pieces_overlap_and_lose_nothing(detector: Detector):
    words = "".join(CHANCE.choice("ab c\n") for _ in range(3 * PIECE))
    end = 0
    for start, piece in pieces(words):
        assert words.startswith(piece, start)
        assert start == 0 or end - start >= OVERLAP // 2
        end = start + len(piece)
    assert end == len(words)
    for place in range(PIECE - 60, PIECE + 20, 7):
        text = "x " * (place // 2) + sample.GITHUB + " y" * PIECE
        assert found(detector, text) == [("API_KEY", sample.GITHUB)]


@pytest.mark.parametrize(
    "unit",
    [
        "key=",
        "token=a",
        'password:"',
        "password for ",
        "a://b:c",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN ",
        "eyJaaaaaaaa.",
        "aA1",
        "mysql -p",
        "İpassword=İ",
        'directoryentry("a",',
        '\\"',
        "secret ",
    ],
)
def test_time_is_linear_in_hostile_text(detector: Detector, unit: str):
    """A megabyte stays under a second; a fifth of it here, with room for a busy machine."""
    text = (unit * 200_000)[:200_000]
    began = time.process_time()
    detector.find(Source(text))
    assert time.process_time() - began < 1.0


def test_threads_share_a_detector(detector: Detector):
    letters = string.ascii_letters + string.digits
    made = ["ghp_" + "".join(CHANCE.choices(letters, k=36)) for _ in range(64)]
    texts = [f"{'word ' * 500}token {key} {'word ' * 500}" for key in made]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda text: found(detector, text), texts))
    assert results == [[("API_KEY", key)] for key in made]


def test_too_long_a_time_or_half_a_character_fails_without_text():
    hasty = KnownKeys(cache=True, timeout=1e-9)
    for text in (f"password {sample.GITHUB} " * 2000, f"{sample.GITHUB} \ud800"):
        with pytest.raises(RulesFailed) as caught:
            list(hasty.find(text))
        assert caught.value.__suppress_context__
        assert sample.GITHUB not in str(caught.value)


def test_nothing_reaches_for_the_network():
    script = (
        "import sys\n"
        "def refuse(event, arguments):\n"
        "    if event.startswith('socket.') and event != 'socket.__new__':\n"
        "        raise SystemExit(f'reached for the network: {event}')\n"
        "sys.addaudithook(refuse)\n"
        "from plugins.secrets.detector import Detector, Source\n"
        "from plugins.secrets.kinds import KINDS\n"
        "from plugins.secrets.rules import KnownKeys\n"
        "detector = Detector(KnownKeys(cache=True, timeout=5), KINDS, ())\n"
        "print(len(detector.find(Source(sys.stdin.read()))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=f"{sample.GITHUB} {sample.SLACK} {sample.POSTGRES}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("3\n", "")
