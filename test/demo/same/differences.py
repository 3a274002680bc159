"""Where the API server in memory is another on purpose, each with its reason."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from test.demo.same.compare import Difference


@dataclass(frozen=True)
class Intended:
    """Differences that are meant: in which scenes, where in the answer, and why."""

    scene: str
    path: str
    why: str
    real: str = "*"
    """What the real answer says there."""
    emulated: str = "*"
    """What the other one says there."""

    def covers(self, found: Difference) -> bool:
        """Whether a difference is one of these."""
        return (
            fnmatchcase(found.scene, self.scene)
            and fnmatchcase(found.path, self.path)
            and fnmatchcase(str(found.real), self.real)
            and fnmatchcase(str(found.emulated), self.emulated)
        )


_NEVER_5XX = "what a client got wrong is a 4xx; the real one takes some of it for its own failure"
_DECODER = "the words of Go's JSON decoder; status and reason are the same"
_TOKEN = "what exactly is wrong with a forged token; status and reason are the same"
_MEDIA = "the router of built-in kinds has words of its own; those of custom kinds serve both"
_SCALE = "the scale subresource reads its numbers, too, and complains; it is not served here"
_WIDTH = "how wide a number is, is told by the decoder of another library"
_PROTOBUF = "only JSON and YAML are read"

INTENDED = (
    Intended("*", "status", _NEVER_5XX, real="500 *", emulated="4?? *"),
    Intended("bodies.no_json", "body.message", _DECODER),
    Intended("bodies.json_with_more_behind", "body.message", _DECODER),
    Intended("bodies.yaml_in_json", "body.message", _DECODER),
    Intended("bodies.delete_options_that_are_none", "body.message", _DECODER),
    Intended("bodies.types_that_do_not_fit_a_secret", "*message", _DECODER),
    Intended("patches.patches_that_are_none", "body.message", _DECODER),
    Intended("patches.merges_of_a_secret", "*message", _DECODER),
    Intended("patches.merges_that_do_not_fit", "body.details.causes", _SCALE),
    Intended("applies.what_does_not_fit", "body.message", _DECODER, real="error decoding YAML*"),
    Intended("updates.of_another_object", "body.message", _DECODER),
    Intended("rights.impersonation", "body.message", "a Go struct stands in the message"),
    Intended("bodies.wrong_kinds", "warnings", "Go's words for a body of another version"),
    Intended("bodies.wrong_kinds", "body.message", "Go's words for a body of another version"),
    Intended("paging.tokens_that_are_malformed", "body.message", _TOKEN),
    Intended("paging.tokens_from_far_away", "body.message", _TOKEN),
    Intended("bodies.numbers_that_are_too_large", "body.message", _WIDTH),
    Intended("bodies.numbers_that_are_too_large", "body.details.causes", _WIDTH),
    Intended("deletions.grace_without_an_end", "body.message", _DECODER),
    Intended("bodies.content_types", "body.message", _PROTOBUF),
    Intended("bodies.forms_that_cannot_be_answered", "body.details*", _MEDIA),
    Intended("bodies.forms_that_cannot_be_answered", "body.message", _MEDIA),
    Intended("patches.other_content_types", "body.details*", _MEDIA),
    Intended("patches.other_content_types", "body.message", _MEDIA),
    Intended("bodies.types_that_do_not_fit", "body.details.causes", _SCALE),
    Intended("bodies.values_out_of_bounds", "body.details.causes", _SCALE),
    Intended("updates.status_alone", "body.details.causes", _SCALE),
    Intended("discovery.kinds", "body.resources*", _SCALE),
    Intended("rights.reviews_of_oneself", "body.metadata.managedFields", "no review is stored"),
    Intended("patches.operations_that_fail", "body.details*", "a copy from nowhere is refused"),
    Intended("patches.operations_that_fail", "body.message", "a copy from nowhere is refused"),
    Intended("paging.a_token_with_a_version", "body*", "the real one forgets the limit then"),
    Intended("objects.metadata_of_ones_own", "body.metadata*uid", "fields come in another order"),
    Intended("below.bindings", "status", "only the scheduler binds, and only pods that are there"),
    Intended("discovery.methods_that_are_not_allowed", "status", "a POST at an object is a 405"),
)


def is_intended(found: Difference) -> bool:
    """Whether a difference stands in the list."""
    return any(each.covers(found) for each in INTENDED)
