task=${SLURM_ARRAY_TASK_ID:?is not set: Slurm starts this script, see submit.sh}
shard=$folder/shard-$task.h5
status=$folder/status/$task

# How the task fares, in one line, for those who have no `sacct`.
note() {
    printf '%s job=%s host=%s time=%s\n' "$1" "${SLURM_ARRAY_JOB_ID:-none}_$task" "$(hostname)" "$(date -Is)" >"$status.new"
    mv -- "$status.new" "$status"
}

# A shard has its name only once it is complete.
if [ -f "$shard" ]; then
    echo "$shard is complete already"
    grep -qs '^complete' "$status" || note complete
    exit 0
fi

note running
"$program" run "${experiment[@]}" --shard "$task/$tasks" -o "$shard" \
    --threads "${SLURM_CPUS_PER_TASK:-$threads}" --quiet &
run=$!

# The warning before the time limit reaches this script alone: the run is told. When Slurm ends a task, it tells the
# run itself, and a second SIGTERM would end it at once: only survive, to note how it ended. Either signal ends `wait`
# early, hence the loop.
told=no
trap 'told=yes; kill -TERM "$run"' USR1
trap 'told=yes' TERM
while
    code=0
    wait "$run" || code=$?
    [ "$told" = yes ]
do
    told=no
done

# Exit code 1 says that some runs of a complete shard failed: the others are to be merged.
case $code in
0) note complete ;;
1) if [ -f "$shard" ]; then note complete-with-failed-runs && code=0; else note failed-with-1; fi ;;
130) note interrupted ;;
*) note "failed-with-$code" ;;
esac
exit "$code"
