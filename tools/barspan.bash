# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Completion of barspan's command line, for bash 4.4 or later. It is installed
# for bash-completion, which loads it at the first <TAB>, but it needs no
# function of bash-completion: `. tools/barspan.bash` is enough.
#
# tests/tool/completion.sh compares the commands and options with --help.

_barspan_commands=(show query read write dump demo run help)

# The folder with the PCI drivers. Tests set another one.
_barspan_pci_drivers=/sys/bus/pci/drivers

# Prints the long options of a command. Those with a value end in "=".
_barspan_options() { # COMMAND
	case $1 in
	show) echo --region= --json --svg= ;;
	query) echo --json --quiet ;;
	dump) echo --yes --no-squeezing ;;
	run) echo --trap= --report= --summary --sparse= --log= ;;
	esac
	echo --help --usage --version
}

# Prints the kind of an option's value. Fails if the option has none.
_barspan_value_kind() { # COMMAND OPTION
	case $1$2 in
	show-r | show--region) echo region ;;
	show-s | show--svg | run-r | run--report) echo file ;;
	run-t | run--trap) echo modes ;;
	run--sparse) echo sparse ;;
	run-l | run--log) echo level ;;
	*) return 1 ;;
	esac
}

# Offers the candidates that begin with WORD. Readline splits words at ":" and
# "=" and replaces the last piece alone, so the pieces before it are cut off.
_barspan_offer() { # WORD CANDIDATE...
	local word=$1 head='' piece separator candidate
	shift
	for separator in : =; do
		[[ $COMP_WORDBREAKS == *"$separator"* && $word == *"$separator"* ]] || continue
		piece=${word%"${word##*"$separator"}"}
		((${#piece} <= ${#head})) || head=$piece
	done
	for candidate; do
		[[ $candidate != "$word"* ]] || COMPREPLY+=("${candidate#"$head"}")
	done
	# The user goes on typing after these.
	if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[=:] ]]; then
		compopt -o nospace
	fi
}

# Offers the addresses of devices that are bound to a VFIO driver.
_barspan_offer_devices() { # WORD
	local device devices=()
	for device in "$_barspan_pci_drivers"/*vfio*/*:*:*.*; do
		[[ ! -e $device ]] || devices+=("${device##*/}")
	done
	_barspan_offer "$1" "${devices[@]}" soft:
}

# Names of regions may be typed in any case.
_barspan_offer_regions() { # WORD VALUE: VALUE is WORD, or its part after "="
	local stem=${1%"$2"}
	_barspan_offer "$stem${2^^}" "$stem"{BAR{0..5},ROM,CONFIG}
}

# Offers the modes that the list does not have yet. "off" stands alone.
_barspan_offer_modes() { # WORD VALUE
	local head='' mode modes=()
	[[ $2 != *,* ]] || head=${2%,*},
	for mode in emulate report explain rescue; do
		[[ ,$head == *,$mode,* ]] || modes+=("${1%"$2"}$head$mode")
	done
	[[ $head ]] || modes+=("${1%"$2"}off")
	_barspan_offer "$1" "${modes[@]}"
}

_barspan_offer_value() { # KIND WORD VALUE
	local stem=${2%"$3"}
	case $1 in
	region) _barspan_offer_regions "$2" "$3" ;;
	file) compopt -o default ;;
	modes) _barspan_offer_modes "$2" "$3" ;;
	sparse) _barspan_offer "$2" "$stem"{hide,show} ;;
	level) _barspan_offer "$2" "$stem"{error,warning,info} ;;
	esac
}

# Offers the N-th argument of a command, counted from 0.
_barspan_offer_argument() { # COMMAND N WORD
	case $1$2 in
	show0 | query0 | read0 | write0 | dump0) _barspan_offer_devices "$3" ;;
	query1 | read1 | write1 | dump1) _barspan_offer_regions "$3" "$3" ;;
	read3 | write3) _barspan_offer "$3" 8 16 32 64 ;;
	help0) _barspan_offer "$3" "${_barspan_commands[@]}" ;;
	run0)
		if [[ $3 == */* ]]; then
			compopt -o default
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$3")
		fi
		;;
	run*) compopt -o default ;;
	esac
}

_barspan() {
	local line=${COMP_LINE:0:COMP_POINT} command='' kind='' ended='' word words last i n=0
	COMPREPLY=()
	# COMP_WORDS is split at ":" and "=", too.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=('')
	last=$((${#words[@]} - 1))
	word=${words[last]}

	for ((i = 1; i < last; i++)); do
		kind=''
		if [[ ! $command ]]; then
			[[ ${words[i]} == -* ]] || command=${words[i]}
		elif [[ $ended || ${words[i]} != -* ]]; then
			n=$((n + 1))
			# The program's own options are not barspan's.
			[[ $command != run ]] || ended=1
		elif [[ ${words[i]} == -- ]]; then
			ended=1
		elif kind=$(_barspan_value_kind "$command" "${words[i]}"); then
			i=$((i + 1))
		fi
	done

	if [[ $kind && $i -gt $last ]]; then
		_barspan_offer_value "$kind" "$word" "$word"
	elif [[ ! $ended && $word == --*=* ]]; then
		kind=$(_barspan_value_kind "$command" "${word%%=*}") || return 0
		_barspan_offer_value "$kind" "$word" "${word#*=}"
	elif [[ ! $ended && $word == -* ]]; then
		# shellcheck disable=SC2046 # a list of words
		_barspan_offer "$word" $(_barspan_options "$command")
	elif [[ ! $command ]]; then
		_barspan_offer "$word" "${_barspan_commands[@]}"
	else
		_barspan_offer_argument "$command" "$n" "$word"
	fi
}

complete -F _barspan barspan
