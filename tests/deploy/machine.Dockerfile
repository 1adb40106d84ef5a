# A machine with systemd, as an operator has one; tests/deploy/test_unit.py boots it.
FROM debian:12
RUN apt-get update && apt-get install --yes --no-install-recommends \
    systemd systemd-sysv dbus python3 python3-venv ca-certificates procps && rm -rf /var/lib/apt/lists/*
# What a container cannot do, or need not.
RUN systemctl mask getty.target systemd-logind.service systemd-udevd.service apt-daily.timer apt-daily-upgrade.timer
STOPSIGNAL SIGRTMIN+3
ENV container=docker
# As on a machine, mounts made beside a service reach it: its credentials are one.
CMD ["/bin/sh", "-c", "mount --make-rshared / && exec /sbin/init"]
