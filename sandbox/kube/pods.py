"""How a controller words a pod of its own. Pure."""

from sandbox.kube.resources import Obj, Resource


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


def owned_pod(resource: Resource, obj: Obj) -> Obj:
    """Return a new pod from the template of its owner, to be named after it."""
    template = obj["spec"]["template"]
    given = template.get("metadata", {})
    meta: Obj = {
        "generateName": f"{obj['metadata']['name']}-",
        "labels": dict(given.get("labels", {})),
        "ownerReferences": [owner_reference(resource, obj)],
    }
    if given.get("annotations"):
        meta["annotations"] = dict(given["annotations"])
    return {"metadata": meta, "spec": dict(template["spec"])}
