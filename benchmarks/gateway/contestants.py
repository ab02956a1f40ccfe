"""Who takes part: how each is configured and started on the gateway's core."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from .machine import ROOT, Cores, Server, free_port, server

KEY = "sk-bench"
MODELS = ("mock-0-300", "mock-10-300", "mock-10-100")
"""What the upstream does by the model's name: milliseconds between chunks, chunks."""
_PYTHON = ROOT / ".venv" / "bin" / "python"
_LITELLM = ROOT / ".venvs" / "bench-litellm" / "bin" / "litellm"
_GUNICORN = ROOT / ".venvs" / "bench-presidio" / "bin" / "gunicorn"
_FEW = ("PERSON", "LOCATION", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD")


class Place(NamedTuple):
    """Where contestants run: a folder for files and logs, cores, the upstream's port and itself."""

    folder: Path
    cores: Cores
    upstream: int
    mock: Server | None = None


class Running(NamedTuple):
    """A contestant that answers at `port`; the first of its servers is the gateway itself."""

    port: int
    servers: tuple[Server, ...]


class Contestant(NamedTuple):
    """One way to get a request to the upstream.

    `check`: what its replies must say, given texts with personal data: `equal`, all that was sent;
    `holds`, the mail address; `any`, something. `hides`: whether the upstream must see no address.
    """

    title: str
    start: Callable[[Place], AbstractContextManager[Running]]
    check: str = "equal"
    hides: bool = False
    present: Callable[[], bool] = lambda: True


@contextmanager
def _direct(place: Place) -> Iterator[Running]:
    yield Running(place.upstream, ())


@contextmanager
def _nginx(place: Place) -> Iterator[Running]:
    port, folder = free_port(), place.folder / "nginx"
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(f"""
        daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
        events {{ worker_connections 4096; }}
        http {{
          access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
          fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
          client_body_buffer_size 1m; keepalive_requests 1000000000;
          upstream model {{
            server 127.0.0.1:{place.upstream}; keepalive 512; keepalive_requests 1000000000;
          }}
          server {{
            listen 127.0.0.1:{port};
            location / {{
              proxy_pass http://model; proxy_http_version 1.1; proxy_buffering off;
              proxy_set_header Connection "";
            }}
          }}
        }}""")
    command = [_nginx_program(), "-c", folder / "nginx.conf", "-p", folder]
    with server(command, port, place.cores.gateway, place.folder / "nginx.log") as one:
        yield Running(port, (one,))


def _nginx_program() -> str:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin") or ""


@contextmanager
def _litestar(place: Place) -> Iterator[Running]:
    port = free_port()
    url = f"http://127.0.0.1:{place.upstream}/v1/chat/completions"
    command = [_PYTHON, "-m", "benchmarks.gateway.passthrough", str(port), url]
    with server(command, port, place.cores.gateway, place.folder / "litestar.log") as one:
        yield Running(port, (one,))


def _privet(name: str, pii: str | None, workers: int = 1, *, both: bool = False) -> Contestant:
    """Privet, with a table of options for `pii`, or without it."""

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        port = free_port()
        steps = "[]" if pii is None else '["pii"]'
        config = place.folder / f"{name}.toml"
        config.write_text(f"""
[service]
host = "127.0.0.1"
port = {port}
[backends.model]
type = "openai"
url = "http://127.0.0.1:{place.upstream}/{name}/v1"
key = "{KEY}"
{"" if pii is None else f"[plugins.pii]{chr(10)}workers = 1{chr(10)}{pii}"}
[pipelines.default]
pre = {steps}
post = {steps}
[models]
"*" = {{ pipeline = "default", backend = "model" }}
""")
        command = [_PYTHON, "-m", "pipeline", "serve", "--config", config]
        command += ["--workers", str(workers)] if workers > 1 else []
        cores = place.cores.all if both else place.cores.gateway
        log = place.folder / f"{name}.log"
        with server(command, port, cores, log, "/health/ready") as one:
            yield Running(port, (one,))

    title = {None: "Privet, no redaction", "": "Privet, redaction"}.get(
        pii, "Privet, patterns only"
    )
    title += f", {workers} workers" if workers > 1 else ""
    title += ", its processes on two cores" if both and workers == 1 else ""
    present = _has_workers if workers > 1 else lambda: True
    return Contestant(title, start, hides=pii is not None, present=present)


def _has_workers() -> bool:
    command = [_PYTHON, "-m", "pipeline", "serve", "--help"]
    return b"--workers" in subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT).stdout


def _litellm(name: str, title: str, guardrail: dict[str, object] | None, check: str) -> Contestant:
    """LiteLLM's proxy, with one guardrail for all requests, or without any."""
    presidio = guardrail is not None and guardrail["guardrail"] == "presidio"

    @contextmanager
    def start(place: Place) -> Iterator[Running]:
        with ExitStack() as stack:
            peers: list[Server] = []
            options = dict(guardrail or {}, default_on=True)
            for service in ("analyzer", "anonymizer") if presidio else ():
                peers.append(stack.enter_context(_presidio(place, service)))
                options[f"presidio_{service}_api_base"] = f"http://127.0.0.1:{peers[-1].port}"
            url = f"http://127.0.0.1:{place.upstream}/{name}/v1"
            config: dict[str, object] = {
                "model_list": [
                    {
                        "model_name": model,
                        "litellm_params": {
                            "model": f"openai/{model}",
                            "api_base": url,
                            "api_key": KEY,
                        },
                    }
                    for model in MODELS
                ],
                "general_settings": {"master_key": KEY},
                "litellm_settings": {"telemetry": False, "num_retries": 0},
            }
            if guardrail is not None:
                config["guardrails"] = [{"guardrail_name": name, "litellm_params": options}]
            path = place.folder / f"{name}.yaml"
            path.write_text(json.dumps(config))  # JSON is YAML
            port = free_port()
            command = [_LITELLM, "--config", path, "--port", str(port), "--host", "127.0.0.1"]
            variables = {
                "LITELLM_LOCAL_MODEL_COST_MAP": "True",
                "LITELLM_LOG": "ERROR",
                "LITELLM_MODE": "PRODUCTION",
                "NO_PROXY": "127.0.0.1",
            }
            log = place.folder / f"{name}.log"
            cores = place.cores.gateway
            one = stack.enter_context(
                server(command, port, cores, log, "/health/liveliness", variables)
            )
            yield Running(port, (one, *peers))

    needs = [_LITELLM, _GUNICORN] if presidio else [_LITELLM]
    return Contestant(
        title, start, check, guardrail is not None, lambda: all(map(Path.exists, needs))
    )


@contextmanager
def _presidio(place: Place, service: str) -> Iterator[Server]:
    """One of the two services, under the server and with the one worker of its container."""
    port = free_port()
    peers = Path(__file__).parent / "peers"
    command = [_GUNICORN, "-w", "1", "-b", f"127.0.0.1:{port}", "--chdir", peers]
    command.append(f"{service}:create_app()")
    log = place.folder / f"{service}-{port}.log"
    with server(command, port, place.cores.gateway, log, "/health") as one:
        yield one


_DOCUMENTED: dict[str, object] = {
    "guardrail": "presidio",
    "mode": "pre_call",
    "presidio_language": "en",
    "output_parse_pii": True,
}
_TUNED = _DOCUMENTED | {
    "presidio_filter_scope": "input",
    "pii_entities_config": dict.fromkeys(_FEW, "MASK"),
}
_CONTENT_FILTER: dict[str, object] = {
    "guardrail": "litellm_content_filter",
    "mode": "pre_call",
    "patterns": [
        {"pattern_type": "prebuilt", "pattern_name": name, "action": "MASK"}
        for name in ("email", "us_phone", "us_ssn", "visa", "mastercard", "amex", "ipv4")
    ],
}

CONTESTANTS = {
    "direct": Contestant("direct: the load and the upstream alone", _direct),
    "nginx": Contestant("nginx", _nginx, present=lambda: bool(_nginx_program())),
    "litestar": Contestant("Litestar, bare", _litestar),
    "litellm": _litellm("litellm", "LiteLLM", None, "equal"),
    "documented": _litellm("documented", "LiteLLM + Presidio, as documented", _DOCUMENTED, "any"),
    "tuned": _litellm("tuned", "LiteLLM + Presidio, tuned", _TUNED, "holds"),
    "filter": _litellm("filter", "LiteLLM content_filter", _CONTENT_FILTER, "any"),
    "privet": _privet("privet", None),
    "redacting": _privet("redacting", ""),
    "patterns": _privet("patterns", 'tiers = ["patterns"]'),
    "apart": _privet("apart", "", both=True),
    "one-worker": _privet("one-worker", None, both=True),
    "two-workers": _privet("two-workers", None, 2, both=True),
}
HIDING = frozenset(name for name, one in CONTESTANTS.items() if one.hides)
"""Those that must let no mail address through; the upstream knows them by this name."""
