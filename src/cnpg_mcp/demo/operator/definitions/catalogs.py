"""ImageCatalog and ClusterImageCatalog."""

from typing import Any

from cnpg_mcp.demo.kubernetes.schema import anything, integer, listed, obj, root, rule, text


def _distinct(images: list[dict[str, Any]]) -> bool:
    majors = [image["major"] for image in images]
    return len(majors) == len(set(majors))


CATALOG = root(
    required={
        "spec": obj(
            componentImages=listed(anything(), at_most=32),
            required={
                "images": listed(
                    obj(
                        required={"image": text(), "major": integer(low=10)},
                        extensions=listed(anything()),
                    ),
                    at_least=1,
                    at_most=8,
                    rules=(rule("Images must have unique major versions", _distinct),),
                )
            },
        )
    }
)
