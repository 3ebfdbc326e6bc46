#!/usr/bin/env bash
# Breaks one term of the library at a time and sees that a test goes red: tests/mutate.py, which says the options.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/mutate.py" "$@"
