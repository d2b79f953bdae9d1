"""The manifests: rendered, valid by Kubernetes's own schemas, and at one with what the programs read and answer."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from likeness.contract.catalogue import load_catalogue
from likeness.queue import keys
from service.app import STOP_SECONDS, create_app
from service.config import Settings as ServiceSettings
from tests.support.places import ROOT
from worker.config import Settings as WorkerSettings

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("laptop", "production")
SCHEMAS = ("1.25", "1.37")
"""The oldest version of Kubernetes that docs/kubernetes.md names, and the newest at hand."""
PODS = {"Deployment", "StatefulSet", "Job"}
KEDA = json.loads((ROOT / "tests/deploy" / "keda.json").read_text("utf-8"))
"""The fields of KEDA's objects that are used here, by its documentation; no package carries its whole schemas."""


def kustomize(folder: Path) -> list[dict]:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl, which renders the manifests, is not installed")
    done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifests, with the files that whoever installs them makes."""
    folder = tmp_path_factory.mktemp("kubernetes") / "kubernetes"
    shutil.copytree(FOLDER, folder)
    secrets = (FOLDER / "overlays" / "secrets.env.example").read_text("utf-8")
    for overlay in OVERLAYS:
        own = folder / "overlays" / overlay
        (own / "secrets.env").write_text(secrets.replace("=\n", "=0123abcd\n"))
        (own / "keys.json").write_text("[]")
        (own / "store.env").write_text("AWS_ACCESS_KEY_ID=x\nAWS_SECRET_ACCESS_KEY=y\n")
    return folder


@pytest.fixture(scope="module", params=[*OVERLAYS, "models"])
def objects(request: pytest.FixtureRequest, copied: Path) -> list[dict]:
    return kustomize(copied / request.param if request.param == "models" else copied / "overlays" / request.param)


def templates(objects: list[dict]) -> list[tuple[dict, dict]]:
    """Return each object that makes pods, with its pods' spec."""
    return [(one, one["spec"]["template"]["spec"]) for one in objects if one["kind"] in PODS]


def labels_of(one: dict) -> dict:
    return one["spec"]["template"]["metadata"]["labels"]


def chosen(objects: list[dict], selector: dict) -> list[str]:
    """Return the names of what a selector of pods chooses."""
    wanted = selector.get("matchLabels", {}).items()
    found = [one for one, _ in templates(objects) if wanted <= labels_of(one).items()]
    for term in selector.get("matchExpressions", []):
        assert term["operator"] == "In"
        found = [one for one in found if labels_of(one).get(term["key"]) in term["values"]]
    return [one["metadata"]["name"] for one in found]


def named(objects: list[dict], kind: str) -> dict[str, dict]:
    return {one["metadata"]["name"]: one for one in objects if one["kind"] == kind}


def test_every_object_is_valid(objects: list[dict]) -> None:
    for one in objects:
        if "keda.sh" in one["apiVersion"]:
            jsonschema.validate(one, KEDA[one["kind"]])
            continue
        for version in SCHEMAS:
            kubernetes_validate.validate(one, version, strict=True)


def test_the_schemas_do_refuse(objects: list[dict]) -> None:
    broken = json.loads(json.dumps(objects[0])) | {"mistyped": True}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, SCHEMAS[0], strict=True)


def test_nothing_applies_without_the_secrets_of_whoever_installs_it() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl, which renders the manifests, is not installed")
    for overlay in OVERLAYS:
        done = subprocess.run(
            ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)], capture_output=True, text=True, check=False
        )
        assert done.returncode != 0
        assert "secrets.env" in done.stderr or "keys.json" in done.stderr or "store.env" in done.stderr


def test_every_pod_keeps_to_the_restricted_profile(objects: list[dict]) -> None:
    for one, pod in templates(objects):
        name = one["metadata"]["name"]
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert "memory" in container["resources"]["limits"], name
            assert re.search(r":[0-9][0-9.]*$", container["image"]), "an image is named by its version"


def test_what_pods_refer_to_is_there(objects: list[dict]) -> None:
    there = {(one["kind"], one["metadata"]["name"]) for one in objects}
    secrets = named(objects, "Secret")
    for one, pod in templates(objects):
        own = {claim["metadata"]["name"] for claim in one["spec"].get("volumeClaimTemplates", [])}
        if "serviceAccountName" in pod:
            assert ("ServiceAccount", pod["serviceAccountName"]) in there
        for volume in pod["volumes"]:
            own.add(volume["name"])
            if claim := volume.get("persistentVolumeClaim"):
                assert ("PersistentVolumeClaim", claim["claimName"]) in there or one["kind"] == "Job"
            if secret := volume.get("secret"):
                assert ("Secret", secret["secretName"]) in there
            if settings := volume.get("configMap"):
                assert ("ConfigMap", settings["name"]) in there
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= own
            for source in container.get("envFrom", []):
                (kind, reference), *_ = source.items()
                assert ({"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind], reference["name"]) in there
            for variable in container.get("env", []):
                if key := variable.get("valueFrom", {}).get("secretKeyRef"):
                    assert key["key"] in secrets[key["name"]]["data"]


def environment(objects: list[dict], container: dict) -> dict[str, str]:
    settings = named(objects, "ConfigMap")
    given = {}
    for source in container.get("envFrom", []):
        if reference := source.get("configMapRef"):
            given |= settings[reference["name"]]["data"]
    return given | {one["name"]: one.get("value", "from a secret") for one in container.get("env", [])}


def test_every_setting_is_one_that_a_program_reads(objects: list[dict]) -> None:
    known = {f"LIKENESS_{name.upper()}" for name in [*ServiceSettings.model_fields, *WorkerSettings.model_fields]}
    for _, pod in templates(objects):
        for container in pod["containers"]:
            given = environment(objects, container)
            assert {name for name in given if name.startswith("LIKENESS_")} <= known
            for value in given.values():  # Kubernetes leaves a name that it does not know as it is
                assert set(re.findall(r"\$\((\w+)\)", value)) <= given.keys()


def test_each_program_speaks_to_redis_as_itself(objects: list[dict]) -> None:
    users = dict(re.findall(r"^user (\w+) on #@(\w+)@", (FOLDER / "valkey" / "users.acl").read_text("utf-8"), re.M))
    for one, pod in templates(objects):
        url = environment(objects, pod["containers"][0]).get("LIKENESS_REDIS_URL")
        if url is not None:
            name = labels_of(one)["app.kubernetes.io/name"]
            name = "service" if name == "feeder" else name  # it accepts jobs, as the service does
            assert f"://{name}:" in url and name in users
            password = next(item for item in pod["containers"][0]["env"] if item["name"] == "REDIS_PASSWORD")
            assert password["valueFrom"]["secretKeyRef"]["key"] == f"{users[name]}_PASSWORD"


def test_selectors_choose_pods(objects: list[dict]) -> None:
    for one in objects:
        spec = one.get("spec", {})
        if one["kind"] in ("Deployment", "StatefulSet", "PodDisruptionBudget"):
            assert len(chosen(objects, spec["selector"])) == 1, one["metadata"]["name"]
        if one["kind"] == "Service":
            assert len(chosen(objects, {"matchLabels": spec["selector"]})) == 1
        if one["kind"] == "NetworkPolicy" and spec["podSelector"]:
            assert chosen(objects, spec["podSelector"]), one["metadata"]["name"]
        if one["kind"] in ("ScaledObject", "HorizontalPodAutoscaler"):
            assert spec["scaleTargetRef"]["name"] in named(objects, "Deployment")


def test_ports_are_those_of_the_containers(objects: list[dict]) -> None:
    ports = {port["name"] for _, pod in templates(objects) for c in pod["containers"] for port in c.get("ports", [])}
    for one in objects:
        if one["kind"] == "Service":
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports
        for rule in one["spec"].get("ingress", []) if one["kind"] == "NetworkPolicy" else []:
            assert {port["port"] for port in rule["ports"]} <= ports


def test_probes_ask_what_the_app_answers(objects: list[dict]) -> None:
    paths = set(create_app(ServiceSettings(store_url="memory://")).openapi()["paths"])
    for one, pod in templates(objects):
        for container in pod["containers"]:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                http = container.get(probe, {}).get("httpGet")
                assert http is None or (http["path"] in paths and http["port"] == "http")
            command = json.dumps(container.get("livenessProbe", {}).get("exec", {}))
            if "worker" in one["metadata"]["name"]:
                assert environment(objects, container)["LIKENESS_ALIVE_FILE"] in command


def test_a_pod_that_stops_has_the_time_it_needs(objects: list[dict]) -> None:
    for one, pod in templates(objects):
        container, grace = pod["containers"][0], pod.get("terminationGracePeriodSeconds", 30)
        drain = environment(objects, container).get("LIKENESS_DRAIN_SECONDS")
        assert drain is None or grace >= float(drain) + 10
        if one["metadata"]["name"] == "service":
            pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
            assert grace > pause + STOP_SECONDS


def test_workers_scale_on_the_queues_that_they_serve(objects: list[dict]) -> None:
    pools = load_catalogue().pools
    for name, scaled in named(objects, "ScaledObject").items():
        worker = named(objects, "Deployment")[scaled["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in worker["spec"]
        given = environment(objects, worker["spec"]["template"]["spec"]["containers"][0])
        served = json.loads(given["LIKENESS_POOLS"])
        assert set(served) <= set(pools) and name == f"worker-{served[0]}"
        preloaded = json.loads(given.get("LIKENESS_PRELOAD", "[]"))
        assert {load_catalogue().find(engine).pool for engine in preloaded} <= set(served)
        lists = {trigger["metadata"]["listName"] for trigger in scaled["spec"]["triggers"]}
        assert lists == {f"rq:{kind}:{queue}" for kind in ("queue", "wip") for queue in keys.queue_names(served)}
        formula = scaled["spec"]["advanced"]["scalingModifiers"]["formula"]
        assert sorted(formula.split(" + ")) == sorted(trigger["name"] for trigger in scaled["spec"]["triggers"])
        for trigger in scaled["spec"]["triggers"]:
            assert trigger["authenticationRef"]["name"] in named(objects, "TriggerAuthentication")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_exact_edits_are_served_by_their_own_pods_of_which_one_always_runs(copied: Path, overlay: str) -> None:
    objects = kustomize(copied / "overlays" / overlay)
    pod = named(objects, "Deployment")["worker-retouch"]["spec"]["template"]["spec"]
    assert json.loads(environment(objects, pod["containers"][0])["LIKENESS_POOLS"]) == load_catalogue().quick_pools
    assert "nvidia.com/gpu" not in pod["containers"][0]["resources"]["limits"]
    assert named(objects, "ScaledObject")["worker-retouch"]["spec"]["minReplicaCount"] == 1


def test_the_scaler_reads_what_is_there(objects: list[dict]) -> None:
    for login in named(objects, "TriggerAuthentication").values():
        for one in login["spec"]["configMapTargetRef"]:
            assert one["key"] in named(objects, "ConfigMap")[one["name"]]["data"]
        for one in login["spec"]["secretTargetRef"]:
            assert one["key"] in named(objects, "Secret")[one["name"]]["data"]


def test_everything_is_closed_but_what_is_opened(objects: list[dict]) -> None:
    policies = named(objects, "NetworkPolicy")
    if "deny-all" not in policies:  # that of the models job joins the others'
        assert set(policies) == {"to-hub"}
        return
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    inbound = {name for name, one in policies.items() if one["spec"].get("ingress")}
    assert inbound <= {"to-service", "to-valkey", "to-worker-metrics"}
    reach_out = chosen(objects, policies["to-public"]["spec"]["podSelector"])
    assert reach_out == ["feeder", "service", "webhooks"]
    for name, one in policies.items():
        open_to_all = [rule for rule in one["spec"].get("egress", []) if not rule.get("to")]
        assert not open_to_all, f"{name} opens a port to every address"


def test_weights_are_mounted_read_only_by_workers(objects: list[dict]) -> None:
    for one, pod in templates(objects):
        for mount in pod["containers"][0]["volumeMounts"]:
            if mount["name"] == "models" and one["kind"] != "Job":
                assert mount["readOnly"] is True
                assert mount["mountPath"] == "/var/lib/likeness-models"
