"""A model that says one text, whatever it is asked: `make_gguf.py FILE PIECE PIECE …`.

Each piece becomes a token. The model is a chain in matrices: a token has an embedding of its own,
a unit vector, attention and feed-forward are zero, and the output matrix sends each token to the
next one. So a real inference server says a known text, cut at known places. No piece may come
twice, for the last token alone decides on the next.
"""

import sys

import gguf
import numpy as np

SPECIAL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{value:02X}>" for value in range(256)]
BOS, EOS = 1, 2
FEED_FORWARD = 64
CONTEXT = 4096
HEAD = 64
"""Width of one attention head, in numbers."""
CERTAIN = 5.0
"""Weight of the next token: times the root of the width, it leaves no chance to any other."""
UNLIKELY = -1e6
"""Score of the pieces: prompts are taken apart into bytes instead."""
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n{% endfor %}"
    "<|assistant|>"
)


def main(path: str, pieces: list[str]) -> None:
    """Write the model that says `pieces`, one token each, and then ends."""
    assert len(set(pieces)) == len(pieces), "each piece may come once"
    tokens = [*SPECIAL, *BYTES, *(piece.replace(" ", "\u2581") for piece in pieces)]
    first = len(SPECIAL) + len(BYTES)
    width = -(-len(tokens) // HEAD) * HEAD

    following = np.full(len(tokens), first)
    following[first:-1] = np.arange(first + 1, len(tokens))
    following[-1] = EOS
    embedding = np.eye(len(tokens), width, dtype=np.float32)
    output = np.zeros((len(tokens), width), np.float32)
    output[following, np.arange(len(tokens))] = CERTAIN

    writer = gguf.GGUFWriter(path, "llama")
    describe(writer, width)
    add_vocabulary(writer, tokens, first)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    writer.add_tensor("output.weight", output)
    add_idle_layer(writer, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def describe(writer: gguf.GGUFWriter, width: int) -> None:
    """The model's shape."""
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(width // HEAD)
    writer.add_head_count_kv(width // HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def add_vocabulary(writer: gguf.GGUFWriter, tokens: list[str], first: int) -> None:
    """The tokens; those from `first` on are the pieces."""
    kind = gguf.TokenType
    kinds = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * len(BYTES)]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types([*kinds, *[kind.NORMAL] * (len(tokens) - first)])
    writer.add_token_scores([*[0.0] * first, *[UNLIKELY] * (len(tokens) - first)])
    writer.add_vocab_size(len(tokens))
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def add_idle_layer(writer: gguf.GGUFWriter, width: int) -> None:
    """A layer that adds nothing to what flows through it."""

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros(shape, np.float32))

    for name in ("attn_norm", "ffn_norm"):
        add(name, width)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(name, width, width)
    add("ffn_gate", FEED_FORWARD, width)
    add("ffn_up", FEED_FORWARD, width)
    add("ffn_down", width, FEED_FORWARD)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
