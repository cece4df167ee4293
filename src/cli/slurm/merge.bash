status=$folder/status/merge
shards=()
for ((task = 1; task <= tasks; task++)); do
    shards+=("$folder/shard-$task.h5")
done

note() {
    printf '%s job=%s host=%s time=%s\n' "$1" "${SLURM_JOB_ID:-none}" "$(hostname)" "$(date -Is)" >"$status.new"
    mv -- "$status.new" "$status"
}

note running
code=0
"$program" merge "${shards[@]}" -o "$output" || code=$?
# Exit code 1 says that some runs failed; the result is complete.
case $code in
0) note complete ;;
1) if [ -f "$output" ]; then note complete-with-failed-runs && code=0; else note failed-with-1; fi ;;
*) note "failed-with-$code" ;;
esac
exit "$code"
