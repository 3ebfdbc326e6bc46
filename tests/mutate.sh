#!/usr/bin/env bash
# Changes one term of the library at a time, and checks that a test fails. tests/mutate.py has the options.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/mutate.py" "$@"
