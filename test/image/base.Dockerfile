# Stands in for a slim official Python where no registry can be reached: a Debian with its own Python.
ARG DEBIAN=localhost/debian:bookworm
FROM ${DEBIAN}
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && ln -s python3 /usr/bin/python \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
CMD ["python"]
