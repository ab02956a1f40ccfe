"""What every chat protocol asks of a request alike."""

from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import JsonObject


def model_of(body: JsonObject) -> str:
    """The model that a request names; raises BadRequest if there is none."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("`model` is missing; name the model to use", param="model")
    return model


def streams(body: JsonObject) -> bool:
    """Whether a chat asks for a stream; raises BadRequest if it is no chat."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
        raise BadRequest("`messages` must be a list of objects", param="messages")
    stream = body.get("stream")
    if stream is not None and not isinstance(stream, bool):
        raise BadRequest("`stream` must be true or false", param="stream")
    return bool(stream)
