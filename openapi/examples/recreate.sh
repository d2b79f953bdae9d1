#!/usr/bin/env bash
# Recreate a picture with curl alone: upload it, wait, download the image and its report.
#   recreate.sh PICTURE TARGET    (LIKENESS_URL, LIKENESS_KEY)
set -euo pipefail
picture=$1 target=$2
url=${LIKENESS_URL:-http://127.0.0.1:8000}

ask() { curl -sS --fail-with-body ${LIKENESS_KEY:+-H "Authorization: Bearer $LIKENESS_KEY"} "$@"; }

job=$(ask -F "image=@$picture" -F seed=7 -H "Idempotency-Key: $(basename "$picture")-$$" "$url/recreate") || {
    echo "$job" >&2
    exit 1
}
id=$(sed -E 's/^\{"id":"([0-9a-f]+)".*/\1/' <<<"$job")

# Each event is told as it happens, and the stream ends with the job.
ask -N "$url/jobs/$id/events" | sed -n 's/^data: //p'

ask "$url/jobs/$id/images/0" -o "$target"
ask -H 'Accept: application/json' "$url/jobs/$id/report"
