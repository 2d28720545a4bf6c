#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every file names its license near its top: GPL-2.0-only for the kernel module
# of the tests, BSD-3-Clause for all others. Prints TAP.
set -u
cd "${srcdir:-.}" || exit 1
. tests/support/tap.sh

# A license, texts for people, and files whose format has no comments.
# debian/copyright covers them.
is_exempt() { # FILE
	case $1 in
	COPYING | ChangeLog | debian/changelog | debian/copyright | debian/source/format) ;;
	*) return 1 ;;
	esac
}

# The files that git tracks. In a tarball, those that no build makes.
list_sources() {
	if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
		git ls-files
	else
		find doc include lib tests tools -type f ! -path 'doc/aliases/*' ! -path '*.tmp/*' \
			\( -name '*.[ch137]' -o -name '*.in' -o -name '*.map' -o -name '*.md' -o -name '*.mk' \
			-o -name '*.sh' -o -name '*.svg' -o -name '*.xml' -o -path '*/kmod/*' \)
	fi
}

findings=$(list_sources | while read -r file; do
	[ -f "$file" ] || continue
	! is_exempt "$file" || continue
	case $file in
	tests/vm/kmod/*) license=GPL-2.0-only ;;
	*) license=BSD-3-Clause ;;
	esac
	if head -n 3 "$file" | grep -Eq "SPDX-License-Identifier: $license( |$)"; then
		echo good
	else
		echo "$file: SPDX-License-Identifier: $license is missing"
	fi
done)

explain() {
	echo "$findings" | grep -v '^good$'
}

plan 2
n=$(echo "$findings" | wc -l)
[ "$n" -gt 200 ]
report $? "$n files are read"
[ -z "$(explain)" ]
report $? 'each file names its license'
finish
