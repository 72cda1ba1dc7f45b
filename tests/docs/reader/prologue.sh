# What the commands of a page are typed after: the shell ends at the first one that fails.
set -euo pipefail

# A mark in the output before each step; it leaves $? as it was.
mark() {
    local status=$?
    printf '\036%s\n' "$1"
    return "$status"
}

# A run whose client was disturbed, and in which nothing failed, is no fault of the page.
unfit() {
    [ "$1" = 10 ] || return "$1"
}

# The latest timestamp in a folder of reports.
newest() {
    find "$1" -name '*.raw.jsonl' -printf '%f\n' | sed 's/Z.*/Z/' | sort | tail -1 | grep .
}

# A command of kubectl that is understood, and finds no cluster.
unreachable() {
    local said
    said=$("$1" --server http://127.0.0.1:9 "${@:2}" 2>&1) && return 1
    grep -q 'refused' <<<"$said" || { printf '%s\n' "$said"; return 1; }
}

# A server that says where it listens, and ends when it is asked to.
serves() {
    local log number
    log=$(mktemp)
    "$@" >"$log" 2>&1 &
    number=$!
    for _ in $(seq 200); do
        grep -q listening "$log" && break
        kill -0 "$number" || break
        sleep 0.1
    done
    grep -q listening "$log" || { cat "$log"; return 1; }
    kill -TERM "$number"
    wait "$number" || true
}
