#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# barspan run stays the program's parent. Signals, stops and the exit status are
# the same as without it.
. "${srcdir:-.}/tests/tool/program.sh"

driver=$PWD/tests/tool/run-driver
file=$work/report
played=$PWD/tests/tool/.libs/fake-vfio.so
LD_PRELOAD=$played
export LD_PRELOAD

number_of() { # NAME
	case $1 in
	HUP) echo 1 ;;
	INT) echo 2 ;;
	QUIT) echo 3 ;;
	ABRT) echo 6 ;;
	KILL) echo 9 ;;
	USR1) echo 10 ;;
	SEGV) echo 11 ;;
	USR2) echo 12 ;;
	TERM) echo 15 ;;
	WINCH) echo 28 ;;
	esac
}

# Waits for a line of the program's output.
await() { # REGEX
	for _ in $(seq 200); do
		grep -Eq "$1" "$out" && return
		sleep 0.05
	done
	return 1
}

# Starts the program in the background, with barspan's process id in $pid.
start() { # WAY
	: >"$out"
	rm -f "$file"
	"$barspan" run --trap=emulate,report --report="$file" -- "$driver" "$1" \
		>"$out" 2>"$err" </dev/null &
	pid=$!
	await '^ready '
}

# Waits for barspan's end, half a minute at most. kill has no effect on a
# process that has ended.
end() {
	status=0
	for _ in $(seq 600); do
		grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$pid/status" || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null || status=$?
}

start signals
for name in HUP USR1 USR2 WINCH INT QUIT; do
	kill -"$name" "$pid"
	await "^got $(number_of $name)\$"
	report $? "SIG$name is passed on"
done
for name in TSTP CONT; do
	kill -$name "$pid"
	sleep 0.3
done
await '^got 18$'
report $? 'SIGTSTP stops both, SIGCONT continues both'
kill -TERM "$pid"
end
ended 9 'SIGTERM is passed on, and barspan returns the exit status'
[ "$(sort "$out" | uniq -d | wc -l)" -eq 0 ]
report $? 'each signal arrives once'
has "$file" 'report: 1 places, 5 accesses' 'the report is written'

# Signals to the whole process group.
: >"$out"
setsid sh -c 'echo "group $$"; exec "$@"' sh \
	"$barspan" run --trap=emulate,report --report="$file" -- "$driver" signals \
	>"$out" 2>"$err" </dev/null &
pid=$!
await '^ready '
group=$(sed -n 's/^group //p' "$out")
for name in USR1 HUP; do
	kill -$name "-$group"
	await "^got $(number_of $name)\$"
	report $? "SIG$name reaches the group"
done
kill -USR1 "$group"
for _ in $(seq 100); do
	[ "$(grep -c '^got 10$' "$out")" -lt 2 ] || break
	sleep 0.05
done
# Signals that are pending at the same time.
kill -STOP "$group"
kill -WINCH "-$group"
kill -QUIT "-$group"
kill -CONT "$group"
await '^got 3$'
sleep 0.3
kill -TERM "-$group"
end
ended 9 'SIGTERM reaches the group'
[ "$(grep -c '^got 10$' "$out")" -eq 2 ]
report $? "a signal to the group arrives once, and one to barspan is passed on"
[ "$(grep -v '^got 10$' "$out" | grep '^got' | sort | uniq -d | wc -l)" -eq 0 ]
report $? 'pending signals to the group arrive once'

for name in TERM KILL ABRT SEGV; do
	start wait
	kill -$name "$(sed -n 's/^ready //p' "$out")"
	end
	ended $((128 + $(number_of $name))) \
		"SIG$name kills the program, and barspan ends the same way"
	has "$file" 'report: 1 places, 5 accesses' 'the report is written'
done

start wait
kill -TERM "$pid"
end
ended 143 'SIGTERM to barspan kills the program, and barspan ends the same way'
has "$file" 'report: 1 places, 5 accesses' 'the report is written'

start wait
program=$(sed -n 's/^ready //p' "$out")
kill -KILL "$pid"
end
for _ in $(seq 100); do
	kill -0 "$program" 2>/dev/null || break
	sleep 0.05
done
! kill -0 "$program" 2>/dev/null
report $? 'SIGKILL to barspan kills the program'

# On a terminal.
type() { # WORD KEY... -- WAY
	rm -f "$file"
	: >"$err"
	./tests/tool/on-terminal "$@" >"$work/raw" 2>"$err" </dev/null
	tr -d '\r' <"$work/raw" >"$out"
}

type 'ready' c -- "$barspan" run --trap=emulate,report --report="$file" -- "$driver" wait
has "$out" 'shell: killed by 2$' 'Ctrl-C ends both'
has "$file" 'report: 1 places, 5 accesses' 'the report is written'

type 'ready' z 'continued' c -- \
	"$barspan" run --trap=emulate,report --report="$file" -- "$driver" wait
has "$out" 'shell: stopped$' 'after Ctrl-Z the shell sees a stopped job'
has "$out" '^shell: states S?TS?TS?$' 'Ctrl-Z stops both'
has "$out" '^shell: states SSS$' 'after Ctrl-Z and SIGCONT both continue'
has "$out" 'shell: killed by 2$' 'after Ctrl-Z and SIGCONT, Ctrl-C ends both'

# shellcheck disable=SC2016 # the inner shell expands it
type 'ready' c 'got 2' '\' -- sh -c 'trap : INT QUIT; "$@"; echo "status $?"' sh \
	"$barspan" run --trap=emulate,report --report="$file" -- \
	sh -c "trap 'echo got 2' INT; trap 'echo got 3; exit 4' QUIT
	echo ready; while :; do sleep 0.1; done"
has "$out" '^status 4$' "a program's own handlers are called"
[ "$(grep -c 'got 2$' "$out")" -eq 1 ]
report $? 'a key calls the handler once'

type 'ready' c -- sh -c "$barspan run --trap=emulate,report --report=$file -- $driver wait | cat"
has "$file" 'report: 1 places, 5 accesses' 'the report is written in a pipeline, too'
plan "$count"
finish
