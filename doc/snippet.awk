# SPDX-License-Identifier: BSD-3-Clause
# Prints a file that a page contains: the literal block that follows the line '.\" FILE name'. Fails without one.
$1 == ".\\\"" && $2 == "FILE" {
	wanted = $3 == name
}
/^\.Ed/ {
	copying = 0
}
copying {
	gsub(/\\e/, "\\")
	gsub(/\\&/, "")
	print
	found = 1
}
wanted && /^\.Bd -literal/ {
	copying = 1
	wanted = 0
}
END {
	exit !found
}
