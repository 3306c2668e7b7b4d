# The service and the batch jobs, for Ray on Kubernetes or anywhere.
#   docker build --target cpu  -t inferloop/synthetic-images:dev-cpu .
#   docker build --target cuda -t inferloop/synthetic-images:dev-cuda .
# A release names its base by digest (docs/kubernetes.md, "The image"):
#   --build-arg PYTHON_IMAGE=python:3.11.14-slim-bookworm@sha256:...
# Packages go to /usr/local: the operator starts containers with a login shell, which resets PATH.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

# Every package by name, version and the SHA-256 of its file: what is not in these files does not get
# in, and a file that was changed on its way is refused. `make image-requirements` makes them.
FROM ${PYTHON_IMAGE} AS requirements
WORKDIR /build
COPY requirements/image.txt requirements/torch-cpu.txt requirements/torch-cuda.txt ./

# With bytecode (pip's default): the packages are read-only later, and without it every process
# of the cluster would compile torch, transformers and Ray for itself, 8 s of CPU each.
FROM requirements AS packages-cpu
RUN pip install --no-cache-dir --prefix=/packages --require-hashes --no-deps --only-binary :all: \
      --index-url https://download.pytorch.org/whl/cpu -r torch-cpu.txt \
 && pip install --no-cache-dir --prefix=/packages --require-hashes --no-deps --only-binary :all: \
      -r image.txt

FROM requirements AS packages-cuda
# PyPI's torch for Linux brings its CUDA libraries; the node brings the driver.
RUN pip install --no-cache-dir --prefix=/packages --require-hashes --no-deps --only-binary :all: \
      -r torch-cuda.txt -r image.txt

# What changes with every commit, apart from what does not: a push is then a small layer.
FROM scratch AS code
COPY pyproject.toml constraints.txt README.md LICENSE /app/
COPY configs /app/configs
COPY engines /app/engines
COPY serve_app /app/serve_app
COPY inferloop_synthdata /app/inferloop_synthdata
COPY deployments /app/deployments
COPY batch /app/batch
COPY local_ray /app/local_ray

FROM ${PYTHON_IMAGE} AS runtime
# wget: probes of the KubeRay operator before Ray 2.53. procps: `ray stop`.
# Without versions: Debian's mirrors drop a package's last one the day that a fix comes out.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends wget procps \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 1000 ray \
 && useradd --uid 1000 --gid 1000 --create-home --home-dir /home/ray ray \
 && install -d -o ray -g ray /data /models /app
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    INFERLOOP_HOST=0.0.0.0 \
    INFERLOOP_DATA_ROOT=/data \
    INFERLOOP_MODELS_ROOT=/app/models \
    HF_HOME=/models \
    RAY_AUTH_MODE=token \
    RAY_USAGE_STATS_ENABLED=0
WORKDIR /app
COPY models /app/models
USER 1000:1000
EXPOSE 8000 8265 8080
# Under KubeRay the operator writes the command; alone, the container is the whole service.
CMD ["python", "-m", "deployments.local.launch", "--config", "configs/local.yaml"]

FROM runtime AS cuda
COPY --from=packages-cuda /packages /usr/local
COPY --from=code /app /app
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

# Last, so that it is what `docker build .` makes.
FROM runtime AS cpu
COPY --from=packages-cpu /packages /usr/local
COPY --from=code /app /app
