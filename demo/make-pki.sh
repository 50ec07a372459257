#!/usr/bin/env bash
# A CA and certificates for Alice and Bob, in the folder named.
set -euo pipefail
"${MIKEY:-build/bin/mikey}" keygen ca --name "Demo CA" --days 30 --dir "$1" --for sip:alice@example.com --for sip:bob@example.com
