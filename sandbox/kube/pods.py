"""How a controller words a pod of its own. Pure, but for the dice that name it."""

import random
from typing import Final

from sandbox.kube.resources import Obj, Resource

_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


def suffix(dice: random.Random, length: int = 5) -> str:
    """Return letters as Kubernetes appends them to a name: no vowels, so no words."""
    return "".join(dice.choices(_LETTERS, k=length))


def owner_reference(resource: Resource, obj: Obj) -> Obj:
    """Return the reference that marks obj as the controller of something."""
    meta = obj["metadata"]
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def owned_pod(resource: Resource, obj: Obj, dice: random.Random) -> Obj:
    """Return a new pod from the template of its owner, named after it."""
    template = obj["spec"]["template"]
    given = template.get("metadata", {})
    meta: Obj = {
        "name": f"{obj['metadata']['name']}-{suffix(dice)}",
        "generateName": f"{obj['metadata']['name']}-",
        "labels": dict(given.get("labels", {})),
        "ownerReferences": [owner_reference(resource, obj)],
    }
    if given.get("annotations"):
        meta["annotations"] = dict(given["annotations"])
    return {"metadata": meta, "spec": dict(template["spec"])}
