if [ -e "$output" ]; then
    echo "$output exists already: move it away first" >&2
    exit 4
fi
if [ -s "$folder/jobs" ]; then
    earlier=$(paste -sd, "$folder/jobs")
    if [ -n "$(squeue --noheader --jobs="$earlier" 2>/dev/null)" ]; then
        echo "jobs $earlier of this experiment are still in the queue; 'scancel ${earlier//,/ }' takes them out" >&2
        exit 4
    fi
fi

# The tasks whose shard is not there yet, as ranges.
missing=
for ((task = 1; task <= tasks; task++)); do
    [ -f "$folder/shard-$task.h5" ] && continue
    first=$task
    while ((task < tasks)) && [ ! -f "$folder/shard-$((task + 1)).h5" ]; do
        task=$((task + 1))
    done
    missing+=",$first-$task"
done
missing=${missing#,}

# In a federation `--parsable` prints `ID;CLUSTER`.
: >"$folder/jobs"
if [ -n "$missing" ]; then
    array=$(sbatch --parsable --array="$missing" "$@" "$folder/array.sbatch")
    array=${array%%;*}
    echo "$array" >>"$folder/jobs"
    echo "array $array: tasks $missing of $tasks"
    set -- --dependency="afterok:$array" --kill-on-invalid-dep=yes "$@"
fi
merge=$(sbatch --parsable "$@" "$folder/merge.sbatch")
merge=${merge%%;*}
echo "$merge" >>"$folder/jobs"
echo "merge $merge: writes $output"
