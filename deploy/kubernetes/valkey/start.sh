#!/bin/sh
# Puts the hashes of the passwords into the list of users, then runs Valkey. Neither a file nor a command line holds a password.
# Environment: USERS the list (with @SERVICE@ and others where hashes go), RUN a folder in memory, DATA where data lies,
# MAXMEMORY the bytes that data may take, and <NAME>_PASSWORD of each user. Arguments go to Valkey.
set -eu
hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }
umask 077
sed -e '/^#/d' -e "s/@SERVICE@/$(hash "$SERVICE_PASSWORD")/" -e "s/@WORKER@/$(hash "$WORKER_PASSWORD")/" \
    -e "s/@WEBHOOKS@/$(hash "$WEBHOOKS_PASSWORD")/" -e "s/@METRICS@/$(hash "$METRICS_PASSWORD")/" \
    "$USERS" > "$RUN/users.acl"
exec valkey-server --dir "$DATA" --aclfile "$RUN/users.acl" --appendonly yes --appendfsync everysec --save '' \
    --maxmemory "$MAXMEMORY" --maxmemory-policy noeviction "$@"
