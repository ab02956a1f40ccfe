import re

from pipeline import Plugin, ReplaceTokens, Step


class Hide(Step):
    def __init__(self, names):
        self.names = names
        self.used = {}  # Only the words of this exchange are put back.

    def on_request(self, request):
        for text in request.texts():
            for name, word in self.names.items():
                text.text, count = re.subn(rf"\b{re.escape(name)}\b", word, text.text)
                if count:
                    self.used[word] = name

    def on_text(self, channel):
        return ReplaceTokens(self.used)


class Codenames(Plugin, frozen=True):
    """Sends other words for the code names of projects: `names` maps each to its word."""

    names: dict[str, str]
    step = Hide

    def start(self, stack):
        return lambda exchange: Hide(self.names)
