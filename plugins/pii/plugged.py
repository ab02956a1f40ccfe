"""The user's own recognisers in a worker: how they are made, and how they are asked."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from typing import cast

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.own import CannotLoad, RecogniserOption, as_option, target

_LOGGER = "presidio-analyzer"


class Swallowed(RuntimeError):
    """A recogniser has logged an error and gone on as if there were nothing to find."""


def plugged(one: str | RecogniserOption) -> EntityRecognizer:
    """A recogniser of the user's own, made with its options; raises CannotLoad."""
    option = as_option(one)
    module, member = target(option.use)
    try:
        make = cast(Callable[..., object], getattr(import_module(module), member))
        made = make(**option.options)
    except ImportError as error:
        # It names modules, nothing else.
        raise CannotLoad(
            f"recognisers: `{option.use}` cannot be loaded: {error}; install what it needs"
        ) from error
    except Exception as error:
        raise CannotLoad(
            f"recognisers: `{option.use}` cannot be made: it raised {type(error).__name__}; "
            "correct its options"
        ) from error
    if not isinstance(made, EntityRecognizer):
        raise CannotLoad(
            f"recognisers: `{option.use}` is not a recogniser of Presidio's kind; name one"
        )
    return made


def ask(
    recogniser: EntityRecognizer, text: str, artifacts: NlpArtifacts | None
) -> list[RecognizerResult]:
    """What a recogniser of the user's own finds; raises whatever it raises, or Swallowed.

    Presidio's Hugging Face recogniser, for one, logs what its model raises and finds nothing.
    """
    entities = recogniser.supported_entities
    with _heard() as errors:
        found = recogniser.analyze(text, entities, artifacts)  # pyright: ignore[reportArgumentType]
    if errors.count:
        raise Swallowed
    if artifacts is not None:
        found = recogniser.enhance_using_context(text, found, [], artifacts)
    return found


class _Errors(logging.Handler):
    """Counts what is logged as an error, or with one; looks at no message."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.levelno >= logging.ERROR or bool(record.exc_info)


@contextmanager
def _heard() -> Generator[_Errors]:
    """Listen to Presidio's log, and keep from it whoever else would."""
    logger = logging.getLogger(_LOGGER)
    errors = _Errors()
    before = logger.handlers, logger.propagate, logger.level, logger.manager.disable
    logger.handlers, logger.propagate = [errors], False
    logger.setLevel(logging.WARNING)
    logging.disable(logging.NOTSET)
    try:
        yield errors
    finally:
        logger.handlers, logger.propagate, level, disabled = before
        logger.setLevel(level)
        logging.disable(disabled)
