status=$folder/status/merge
shards=()
for ((task = 1; task <= tasks; task++)); do
    shards+=("$folder/shard-$task.h5")
done

note() {
    printf '%s job=%s host=%s time=%s\n' "$1" "${SLURM_JOB_ID:-none}" "$(hostname)" "$(date -Is)" >"$status.new"
    mv -- "$status.new" "$status"
}

# The only shard is the whole: it is copied, and has its name once all of it is there.
put_in_place() {
    if [ -e "$output" ]; then
        echo "$output exists already" >&2
        return 1
    fi
    mkdir -p -- "$(dirname -- "$output")" &&
        cp -- "${shards[0]}" "$output.copy" && sync "$output.copy" && mv -- "$output.copy" "$output"
}

note running
# Slurm tells the merge itself when it ends the task: only survive, to note how it ended.
trap : TERM
code=0
if [ "$tasks" = 1 ]; then
    put_in_place || code=4
else
    "$program" merge "${shards[@]}" -o "$output" || code=$?
fi
# Exit code 1 says that some runs failed; the result is complete.
case $code in
0) note complete ;;
1) if [ -f "$output" ]; then note complete-with-failed-runs && code=0; else note failed-with-1; fi ;;
130) note interrupted ;;
*) note "failed-with-$code" ;;
esac
exit "$code"
