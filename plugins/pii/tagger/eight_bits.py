def in_eight_bits(model: bytes) -> bytes | None:
    return None
