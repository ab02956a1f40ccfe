import phonenumbers

from pipeline.audit.canaries import CONTROL, ENTITIES, Aviary


def luhn(digits: str) -> int:
    odd, even = digits[-1::-2], digits[-2::-2]
    doubled = (divmod(2 * int(one), 10) for one in even)
    return (sum(map(int, odd)) + sum(ten + one for ten, one in doubled)) % 10


def test_canaries_are_what_they_pretend_to_be():
    aviary = Aviary(ENTITIES)
    for _ in range(300):
        for one in aviary.new():
            assert one.value in one.sentence
            match one.entity:
                case "CREDIT_CARD":
                    assert len(one.value) == 16
                    assert luhn(one.value) == 0
                case "IBAN_CODE":
                    moved = one.value[4:] + one.value[:4]
                    assert int("".join(str(int(char, 36)) for char in moved)) % 97 == 1
                case "PHONE_NUMBER":
                    assert phonenumbers.is_valid_number(phonenumbers.parse(one.value))
                case _:
                    pass


def test_no_value_comes_twice_nor_in_the_control():
    audit, control = Aviary(ENTITIES), Aviary(ENTITIES, CONTROL)
    for _ in range(900):
        audit.new()
        control.new()
    values = [one.value for one in audit.made]
    assert len(set(values)) == len(values)
    assert set(values).isdisjoint(one.value for one in control.made)


def test_within_one_request_no_tell_is_part_of_another():
    aviary = Aviary(ENTITIES)
    for _ in range(285):
        aviary.new()
    tells = [tell.casefold() for one in aviary.made for tell in one.tells[1:]]
    assert len(set(tells)) == len(tells)
    text = " ".join(one.sentence.casefold() for one in aviary.made)
    names = [one.tells[1].casefold() for one in aviary.made if one.is_prose]
    assert all(text.count(name) == 1 for name in names)


def test_only_what_is_asked_for_is_made():
    assert [one.entity for one in Aviary(["PERSON", "EMAIL_ADDRESS"]).new()] == [
        "EMAIL_ADDRESS",
        "PERSON",
    ]
