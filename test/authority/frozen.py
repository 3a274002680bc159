"""Namespaces in which nothing can be stored, so that a write that is allowed leaves no trace.

The API server itself refuses there every write that is no dry run: what comes that far has passed
all that this project puts in front of it.
"""

from typing import Any

from test.controlplane.api import ApiError, KubeClient, until

WORDS = "frozen by the tests"
_GROUP = "admissionregistration.k8s.io"
_NAME = "frozen"
_LABELS = {_NAME: "yes"}
_POLICY: dict[str, Any] = {
    "failurePolicy": "Fail",
    "matchConstraints": {
        "resourceRules": [
            {
                "apiGroups": ["*"],
                "apiVersions": ["*"],
                "resources": ["*"],
                "operations": ["CREATE", "UPDATE", "DELETE"],
                "scope": "Namespaced",
            }
        ]
    },
    "validations": [{"expression": "request.dryRun", "message": WORDS, "reason": "Forbidden"}],
}
_BINDING: dict[str, Any] = {
    "policyName": _NAME,
    "validationActions": ["Deny"],
    "matchResources": {"namespaceSelector": {"matchLabels": _LABELS}},
}


async def install(admin: KubeClient) -> None:
    """Makes the API server know what frozen means."""
    for kind, spec in (("Policy", _POLICY), ("PolicyBinding", _BINDING)):
        body = {
            "apiVersion": f"{_GROUP}/v1",
            "kind": f"ValidatingAdmission{kind}",
            "metadata": {"name": _NAME},
            "spec": spec,
        }
        plural = {"Policy": "policies", "PolicyBinding": "policybindings"}[kind]
        await admin.request("POST", f"/apis/{_GROUP}/v1/validatingadmission{plural}", body)


async def freeze(admin: KubeClient, namespace: str) -> None:
    """Freezes a namespace; returns when that is honoured."""
    await admin.patch("namespaces", None, namespace, {"metadata": {"labels": _LABELS}})
    probe = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"generateName": "probe-", "namespace": namespace},
    }

    async def is_frozen() -> bool:
        try:
            await admin.create(probe)
        except ApiError as error:
            return WORDS in str(error)
        return False

    await until(is_frozen, 60, lambda: f"{namespace} is not frozen")
