# The image of both servers; docs/image.md has the recipes and says what is inside.
# Any image with `python` 3.11 to 3.13 and its venv module will do as the base.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/tools && python -m venv --without-pip /opt/venv

# Two secrets for whoever needs a mirror or an own certificate authority; neither stays in a layer.
COPY requirements.lock /opt/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    /opt/tools/bin/pip --python /opt/venv/bin/python install --quiet --no-compile \
      --require-hashes --no-deps --only-binary=:all: -r /opt/requirements.lock
# Of the Kubernetes client, hundreds of generated modules are never imported here.
RUN python -m compileall -q -j 0 -x '/client/(api|models)/[^_]' --invalidation-mode unchecked-hash /opt/venv/lib

COPY src /app/src
# The console scripts of pyproject.toml, without a second copy of the code.
RUN mkdir /app/bin /opt/state \
    && for script in server=cnpg_mcp_server test-server=cnpg_mcp_test_server doctor=cnpg_mcp.doctor.main; do \
         printf '#!/opt/venv/bin/python\nimport sys\n\nfrom %s import main\n\nsys.exit(main())\n' \
           "${script#*=}" > "/app/bin/cnpg-mcp-${script%%=*}" || exit 1; \
       done \
    && python -m compileall -q --invalidation-mode unchecked-hash /app/src \
    && chmod -R u=rwX,go=rX /app \
    && chmod 755 /app/bin/*

FROM ${BASE_IMAGE}
COPY --from=build /opt/venv /opt/venv
# A new named volume takes its owner from here.
COPY --from=build --chown=65532:65532 /opt/state /var/lib/cnpg-mcp
COPY --from=build /app /app
ENV PATH=/app/bin:/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/app/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/app \
    HOST=0.0.0.0
WORKDIR /app
USER 65532:65532
EXPOSE 3000 3001
ENTRYPOINT ["python", "src/cnpg_mcp_server.py"]

ARG VERSION=""
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="cnpg-mcp" \
      org.opencontainers.image.description="MCP server for running PostgreSQL on Kubernetes with CloudNativePG" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
