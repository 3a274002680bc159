"""Forms of HTML pages, as a person fills them in."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_SUBMITS = {"submit", "image"}


@dataclass
class Form:
    """One form: where it goes, what it holds, and the buttons that send it."""

    action: str = ""
    method: str = "get"
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    asks_for: set[str] = field(default_factory=set)
    """Names of the fields that a person types into."""

    def filled(self, answers: dict[str, str], button: str | None = None) -> dict[str, str]:
        """What is sent when the person types the answers and presses a button (by its value)."""
        typed = {name: answers[name] for name in self.asks_for if name in answers}
        pressed = [one for one in self.buttons if one[1] == button] or self.buttons[:1]
        return {**self.fields, **typed, **{name: value for name, value in pressed if name}}

    def offers(self, button: str) -> bool:
        """Whether a button has this value."""
        return any(value == button for _, value in self.buttons)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._open)
        elif self._open is not None and tag in {"input", "button"}:
            _add(self._open, tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def _add(form: Form, tag: str, given: dict[str, str]) -> None:
    name, value = given.get("name", ""), given.get("value", "")
    kind = given.get("type", "submit" if tag == "button" else "text").lower()
    if kind in _SUBMITS:
        form.buttons.append((name, value))
    elif kind == "hidden":
        form.fields[name] = value
    elif tag == "input" and name:
        form.fields[name] = value
        form.asks_for.add(name)


def forms(page: str) -> list[Form]:
    """The forms of a page, in order."""
    parser = _Forms()
    parser.feed(page)
    return parser.found
