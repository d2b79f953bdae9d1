"""Kubernetes' pods as containers: each is run with what its rendered manifest says of user, memory and volumes."""

import base64
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from tests.containers.engine import Engine

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
REFERENCE = re.compile(r"\$\((\w+)\)")


@dataclass(frozen=True)
class Pods:
    """The objects of an overlay, and where their files and volumes are put."""

    objects: list[dict]
    folder: Path
    network: str

    def specs(self) -> dict[str, dict]:
        """Return the pods' specs by the names of what makes them."""
        kinds = ("Deployment", "StatefulSet")
        return {one["metadata"]["name"]: one for one in self.objects if one["kind"] in kinds}

    def command(self, name: str, changes: dict[str, str]) -> list[str]:
        """Return the arguments of `docker run` that start the pod's container; images are exchanged by `changes`."""
        template = self.specs()[name]["spec"]["template"]
        spec = template["spec"]
        (container,) = spec["containers"]
        image = container["image"]
        options = ["run", "--detach", "--name", f"{self.network}-{name}", "--network", self.network]
        options += ["--network-alias", template["metadata"]["labels"]["app.kubernetes.io/name"]]
        options += [*self._security(spec["securityContext"], container), *self._volumes(name, spec, container)]
        for variable, value in self.environment(container).items():
            options += ["--env", f"{variable}={value}"]
        command = [*container.get("command", []), *container.get("args", [])]
        entry = ["--entrypoint", command[0]] if command else []
        return [*options, *entry, changes.get(image, image), *command[1:]]

    def _security(self, pod: dict, container: dict) -> list[str]:
        own, limits = container["securityContext"], container["resources"]["limits"]
        memory = str(bytes_of(limits["memory"]))
        options = ["--user", f"{pod['runAsUser']}:{pod['runAsGroup']}", "--memory", memory, "--memory-swap", memory]
        options += [part for one in own["capabilities"]["drop"] for part in ("--cap-drop", one)]
        if own["readOnlyRootFilesystem"]:
            options.append("--read-only")
        if not own["allowPrivilegeEscalation"]:
            options += ["--security-opt", "no-new-privileges"]
        return options

    def _volumes(self, name: str, spec: dict, container: dict) -> list[str]:
        claimed = [one["metadata"]["name"] for one in self.specs()[name]["spec"].get("volumeClaimTemplates", [])]
        volumes = {one["name"]: one for one in spec.get("volumes", [])} | {one: {"claim": one} for one in claimed}
        user, options = spec["securityContext"]["runAsUser"], []
        for mount in container["volumeMounts"]:
            volume, path = volumes[mount["name"]], mount["mountPath"]
            if "emptyDir" in volume:
                size = bytes_of(volume["emptyDir"]["sizeLimit"])
                options += ["--tmpfs", f"{path}:size={size},mode=1777"]
            elif "persistentVolumeClaim" in volume or "claim" in volume:
                options += ["--volume", f"{self._claimed(mount['name'], user)}:{path}"]
            else:
                folder = self._files(mount["name"], volume, spec["securityContext"]["fsGroup"])
                options += ["--volume", f"{folder}:{path}:ro"]
        return options

    def _claimed(self, name: str, user: int) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        own(folder, user, user, 0o770)
        return folder

    def _files(self, name: str, volume: dict, group: int) -> Path:
        folder = self.folder / f"{name}-{secrets.token_hex(2)}"
        folder.mkdir()
        found = self._data("Secret", volume["secret"]["secretName"]) if "secret" in volume else None
        data = self._data("ConfigMap", volume["configMap"]["name"]) if found is None else found
        for file, text in data.items():
            (folder / file).write_text(text, "utf-8")
            own(folder / file, 0, group, 0o440)
        own(folder, 0, group, 0o750)
        return folder

    def environment(self, container: dict) -> dict[str, str]:
        """Return the container's variables, references to others filled in."""
        found: dict[str, str] = {}
        for source in container.get("envFrom", []):
            kind = "ConfigMap" if "configMapRef" in source else "Secret"
            found |= self._data(kind, next(iter(source.values()))["name"])
        for one in container.get("env", []):
            found[one["name"]] = self._value(one, container, found)
        return found

    def _value(self, one: dict, container: dict, known: dict[str, str]) -> str:
        if "value" in one:
            return REFERENCE.sub(lambda found: known[found[1]], one["value"])
        source = one["valueFrom"]
        if "secretKeyRef" in source:
            return self._data("Secret", source["secretKeyRef"]["name"])[source["secretKeyRef"]["key"]]
        return str(container["resources"]["requests"][source["resourceFieldRef"]["resource"].rpartition(".")[2]])

    def _data(self, kind: str, name: str) -> dict[str, str]:
        (found,) = (one for one in self.objects if one["kind"] == kind and one["metadata"]["name"] == name)
        if kind == "ConfigMap":
            return dict(found["data"])
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def remove(self, engine: Engine) -> None:
        """Remove every container of these pods, and their network."""
        for name in self.specs():
            engine.run("rm", "--force", "--volumes", f"{self.network}-{name}")
        engine.run("network", "rm", self.network)


def bytes_of(quantity: str) -> int:
    """Return what a quantity of Kubernetes says in bytes."""
    return int(quantity[:-2]) * UNITS[quantity[-2:]]


def own(path: Path, user: int, group: int, mode: int) -> None:
    """Give a file or a folder its owner and mode, as fsGroup and defaultMode do."""
    os.chown(path, user, group)
    path.chmod(mode)
