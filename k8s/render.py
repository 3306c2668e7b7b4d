"""Copies the Serve configs to where kustomize may read them (it reads no file outside an overlay).

`python k8s/render.py` writes the copies; `--check` only says whether they are up to date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

K8S = Path(__file__).resolve().parent
CONFIGS = K8S.parent / "configs"
PARTS = ("quality", "privacy", "exporter", "profiles")
DEPLOYMENT = """\
      - name: {name}
        num_replicas: 1
        ray_actor_options: {{num_cpus: 0.1}}
"""
IN_A_POD = {
    "host: 127.0.0.1": "host: 0.0.0.0",
    # The operator's readiness probe asks the proxy of every worker (kuberay#4994).
    "proxy_location: HeadOnly": "proxy_location: EveryNode",
    # Each pod has room for a process of its own for each; replicas are counted apart.
    "      one_cpu_process: true\n": "",
    DEPLOYMENT.format(name="cpu"): "".join(DEPLOYMENT.format(name=each) for each in PARTS),
}


def rendered(configs: Path = CONFIGS) -> dict[str, str]:
    """Overlay to the text of its serve_config.yaml.

    The local config listens on loopback only; in a pod, the kubelet and the service must reach it.
    And it keeps in one process what has deployments of its own on a cluster.
    """
    local = (configs / "local.yaml").read_text(encoding="utf-8")
    for here, in_a_pod in IN_A_POD.items():
        if local.count(here) != 1:
            raise SystemExit(f"configs/local.yaml no longer says {here!r} exactly once")
        local = local.replace(here, in_a_pod)
    return {
        "cpu-dev": local,
        "gpu": (configs / "gpu.yaml").read_text(encoding="utf-8"),
        "production": (configs / "production.yaml").read_text(encoding="utf-8"),
        "production-to-zero": (configs / "production-to-zero.yaml").read_text(encoding="utf-8"),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if outdated")
    check = parser.parse_args(arguments).check
    outdated = []
    for overlay, text in rendered().items():
        path = K8S / "overlays" / overlay / "serve_config.yaml"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            outdated.append(overlay)
            if not check:
                path.write_text(text, encoding="utf-8")
    if outdated:
        sys.stdout.write(f"{'outdated' if check else 'written'}: {', '.join(outdated)}\n")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    raise SystemExit(main())
