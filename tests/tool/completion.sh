#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The completion for bash, by its function and on a terminal.
. "${srcdir:-.}/tests/tool/program.sh"

command -v bash >/dev/null || skip_all 'no bash'
completion=${srcdir:-.}/tools/barspan.bash
usual_breaks="\"'><=;|&(:"
breaks=$usual_breaks

# Devices of three drivers; one of them has nothing to do with VFIO.
drivers=$work/drivers
for device in vfio-pci/0000:01:00.0 vfio-pci/0000:01:00.1 mlx5_vfio_pci/0001:af:00.2 nvme/0000:02:00.0; do
	mkdir -p "$drivers/$device"
done
: >"$drivers/vfio-pci/new_id"

# Prints the candidates for the end of a line, in order. "compopt OPTION" stands for a request to readline.
candidates() { # LINE
	# shellcheck disable=SC2016 # bash expands it
	bash --norc --noprofile -c '
		compopt() { echo "compopt $2"; }
		. "$1" && _barspan_pci_drivers=$2 COMP_WORDBREAKS=$3 COMP_LINE=$4 COMP_POINT=${#4} && _barspan || exit
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' bash "$completion" "$drivers" "$breaks" "$1" 2>&1 | LC_ALL=C sort
}

completes() { # LINE CANDIDATE...
	line=$1
	shift
	candidates "$line" >"$out"
	: >"$err"
	[ $# -eq 0 ] || printf '%s\n' "$@" | LC_ALL=C sort >"$err"
	bad=0
	cmp -s "$out" "$err" || bad=1
	report $bad "'$line' is completed with: $*"
}

# Prints the long options that --help lists, with "=" if they have a value.
options_of() { # COMMAND...
	"$barspan" "$@" --help | sed -n 's/^ \{2,6\}\(-., \)*\(--[a-z-]*=\{0,1\}\).*/\2/p' | LC_ALL=C sort
}

# Prints the letters of options with a value that --help lists.
letters_of() { # COMMAND
	"$barspan" "$1" --help | sed -n 's/^  \(-[a-z]\), --[a-z-]*=.*/\1/p'
}

commands=$("$barspan" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
# shellcheck disable=SC2086 # a list of words
completes 'barspan ' $commands
[ "$(echo "$commands" | wc -l)" -eq 8 ]
report $? '--help lists eight commands'
# shellcheck disable=SC2086
completes 'barspan help ' $commands
completes 'barspan re' read
completes 'barspan help qu' query
completes 'barspan nonsense '

options_of >"$err"
candidates 'barspan --' >"$out"
cmp "$out" "$err"
report $? 'the options without a command are those of --help'
for command in $commands; do
	options_of "$command" >"$err"
	candidates "barspan $command --" | sed '/^compopt/d' >"$out"
	bad=0
	cmp "$out" "$err" || bad=1
	[ "$(wc -l <"$out")" -ge 3 ] || bad=1
	report $bad "the options of $command are those of --help"
	for letter in $(letters_of "$command"); do
		[ "$(candidates "barspan $command $letter ")" != "$(candidates "barspan $command ")" ]
		report $? "$command: $letter has a value"
	done
done

completes 'barspan show ' 0000:01:00.0 0000:01:00.1 0001:af:00.2 soft:
completes 'barspan dump --yes 0001' 0001:af:00.2
completes 'barspan query 0000:01:00.' 00.0 00.1
completes 'barspan read s' 'compopt nospace' soft:
completes 'barspan show soft:4K'
breaks='"'
completes 'barspan query 0000:01:00.' 0000:01:00.0 0000:01:00.1
breaks=$usual_breaks
drivers=$work/nowhere completes 'barspan show 0'

completes 'barspan query 0000:01:00.0 ' BAR0 BAR1 BAR2 BAR3 BAR4 BAR5 ROM CONFIG
completes 'barspan read soft:16K:0+4K,0x3000+4K b' BAR0 BAR1 BAR2 BAR3 BAR4 BAR5
completes 'barspan show --region R' ROM
completes 'barspan show -r c' CONFIG
completes 'barspan show --region=co' CONFIG
completes 'barspan show --region BAR0 0001' 0001:af:00.2
completes 'barspan read soft:4K 0 0 ' 8 16 32 64
completes 'barspan write soft:4K 0 0 1' 16
completes 'barspan query soft:4K 0 0 '
completes 'barspan demo '

completes 'barspan run --trap ' emulate report explain rescue off
completes 'barspan run -t e' emulate explain
completes 'barspan run --trap=r' report rescue
completes 'barspan run --trap=emulate,re' emulate,report emulate,rescue
completes 'barspan run --trap=rescue,emulate,' rescue,emulate,report rescue,emulate,explain
completes 'barspan run --sparse=' hide show
completes 'barspan run -l ' error warning info
completes 'barspan run --report ' 'compopt default'
completes 'barspan show --svg=' 'compopt default'
completes 'barspan run --json='

mkdir "$work/bin"
printf '#!/bin/sh\n' >"$work/bin/barspan-test-driver"
chmod 755 "$work/bin/barspan-test-driver"
PATH=$PATH:$work/bin completes 'barspan run --summary barspan-test' barspan-test-driver
PATH=$PATH:$work/bin completes 'barspan run -- barspan-test' barspan-test-driver
completes 'barspan run ./dri' 'compopt default'
completes 'barspan run driver ' 'compopt default'
completes 'barspan run driver --tr' 'compopt default'

# Types a line into bash on a terminal. The words that a command of that line would get are in $out.
types() { # LINE
	: >"$err"
	{
		echo 'PS1= PS2='
		# shellcheck disable=SC2016 # bash expands it
		echo 'barspan() { printf "<%s>" "$@"; echo; }'
		printf ". '%s'\n_barspan_pci_drivers='%s'\n" "$completion" "$drivers"
		printf '%b\nexit\n' "$1"
	} | TERM=dumb HISTFILE='' INPUTRC=/dev/null script -qec 'bash --norc --noprofile -i' /dev/null 2>&1 | tr -d '\r' >"$out"
}

if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
	types 'barspan que\t0001\tco\t0x10'
	has "$out" '^<query><0001:af:00.2><CONFIG><0x10>$' \
		'on a terminal, words with colons are completed'
	types 'barspan run --tra\temulate,resc\t--summ\t -- true'
	has "$out" '^<run><--trap=emulate,rescue><--summary><--><true>$' 'on a terminal, options with a value are completed'
else
	skip 'on a terminal, words with colons are completed' 'script(1) gives no terminal'
	skip 'on a terminal, options with a value are completed' 'script(1) gives no terminal'
fi
finish
