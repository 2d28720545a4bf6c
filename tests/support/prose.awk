# SPDX-License-Identifier: BSD-3-Clause
# Counts five constructions that make English hard to read, in comments and in
# documents, for tests/unit/prose.sh.
#
# A file's name gives its kind: comments of C or of scripts, man pages,
# Markdown, Debian control files, plain text. Prints "FILE:LINE: NAME: WORDS"
# for each place. Then prints one line for all text, one for comments and one
# for documents: "total CLASS FILES WORDS", followed by a count for each
# construction.

BEGIN {
	n_names = split("what so-that where who idiom", names, " ")
	fill_set(classes, "all comments documents")
	# A verb after the pronoun makes the construction. Most verbs that end
	# with an s are known by that letter; these plurals are nouns.
	fill_set(verbs, "is are was were has have had can cannot could will would may might must " \
		"shall should came did made went stood lay fell")
	fill_set(no_verbs, "this its his us as address addresses areas bits bytes cases devices " \
		"drivers errors extents fields files flags functions holes kernels lengths lines " \
		"messages names numbers offsets options others pages processes programs ranges " \
		"reasons registers regions segments sizes spans structures threads users values " \
		"versions widths words")
	fill_set(openers, "for to of by from with and or but that than if when")
	fill_set(idioms, "anew besides")
	fill_set(idioms_of_2, "for_good may_well its_kin be_had")
	fill_set(idioms_of_3, "all_the_same makes_no_sense make_no_sense")
}

function fill_set(set, text, list, i) {
	split(text, list, " ")
	for (i in list)
		set[list[i]] = 1
}

function kind_of(file) {
	sub(/.*\//, "", file)
	if (file ~ /\.(c|h|map)$/)
		return "c"
	if (file ~ /\.[1-8]$/)
		return "man"
	if (file ~ /\.md$/)
		return "md"
	if (file == "control")
		return "control"
	return file ~ /^(ChangeLog|changelog|NEWS|README.*)$/ ? "text" : "script"
}

# The next word has no relation to those before it.
function end_text() {
	before[1] = before[2] = before[3] = ""
	comma = ended = 0
}

# The comments of one line of C, without strings.
function c_text(line, text, start) {
	text = ""
	while (line != "") {
		if (inside) {
			start = index(line, "*/")
			text = text " " (start ? substr(line, 1, start - 1) : line)
			line = start ? substr(line, start + 2) : ""
			inside = !start
			if (start)
				text = text " \n"
		} else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|'\\?.'/)) {
			start = substr(line, RSTART, 2)
			line = substr(line, RSTART + (start == "/*" || start == "//" ? 2 : RLENGTH))
			if (start == "/*")
				inside = 1
			if (start == "//") {
				text = text " " line
				line = ""
			}
		} else {
			break
		}
	}
	return text
}

function script_text(line) {
	if (!match(line, /(^|[ \t])(#|dnl)[ \t]/))
		return "\n"
	return (RSTART > 1 ? "\n " : "") substr(line, RSTART + RLENGTH)
}

# Names of macros are no words, examples are code, and X stands for a name.
function man_text(line, last) {
	if (line ~ /^\.(Bd -literal|nf)/)
		code = 1
	if (line ~ /^\.(Ed|fi)/)
		code = 0
	if (code || line ~ /^[.']\\"/)
		return ""
	if (line ~ /^\.(Sh|Ss|Pp|It|Bl|El|Bd|Ed|Dd|Dt|Os|Nm|Dl|Ft|Fo|Fc|In|so)/)
		return "\n"
	if (line ~ /^\.(Xr|Fn|Fa|Li|Ql|Pa|Va|Vt|Dv|Er|Fl|Ev|Lb|Ic|Cm|Ar|Sx)/) {
		last = line
		sub(/.* /, "", last)
		return last ~ /^[.,;:!?]$/ ? "X" last : "X"
	}
	if (line ~ /^\./) {
		gsub(/(^\.| )[A-Z][a-z]( [A-Z][a-z])*( |$)/, " ", line)
		sub(/ [.,;:!?]$/, "&&", line)
		sub(/ [.,;:!?] /, "", line)
	}
	gsub(/\\(f[A-Z]|.)/, "", line)
	return line
}

# Code is fenced, or indented after an empty line. X stands for code in a line.
function md_text(line) {
	if (line ~ /^ *(```|~~~)/) {
		code = !code
		return "\n"
	}
	if (line ~ /^[ \t]*$/) {
		empty = 1
		return "\n"
	}
	if (code || (empty && line ~ /^(    |\t)/))
		return "\n"
	empty = 0
	gsub(/`[^`]*`/, "X", line)
	gsub(/\]\([^)]*\)/, "]", line)
	gsub(/<[^>]*>/, " ", line)
	gsub(/\|/, " \n ", line)
	return (line ~ /^ *(#|[-*] |[0-9]+\. )/ ? "\n " : "") line (line ~ /^#/ ? " \n" : "")
}

# Descriptions of packages, and comments.
function control_text(line) {
	if (line ~ /^#/)
		return "\n " substr(line, 2)
	if (line ~ /^[A-Za-z-]+:/) {
		code = line !~ /^Description:/
		sub(/^[A-Za-z-]+:/, "\n", line)
		return code ? "\n" : line " \n"
	}
	return code || line !~ /^ / || line ~ /^ \.$/ ? "\n" : line
}

function text_of(line) {
	if (line ~ /SPDX-License-Identifier|[#*] shellcheck /)
		return "\n"
	if (kind == "c")
		return c_text(line)
	if (kind == "script")
		return script_text(line)
	if (kind == "man")
		return man_text(line)
	if (kind == "md")
		return md_text(line)
	if (kind == "control")
		return control_text(line)
	return line ~ /^[ \t]*$/ ? "\n" : (line ~ /^[ \t]*[*-] / ? "\n " : "") line
}

function is_verb(word) {
	return word in verbs || (word ~ /[a-z]s$/ && !(word in no_verbs))
}

function note(name, words) {
	printf "%s:%d: %s: %s\n", FILENAME, FNR, name, words
	counts["all", name]++
	counts[class, name]++
}

# Looks at a word with up to three before it.
function see_word(word, raw, two, three) {
	two = before[1] " " word
	three = before[2] " " two
	if (before[1] == "what" && !ended && is_verb(word))
		note("what", two)
	if (two == "so that" && !ended)
		note("so-that", two)
	if (word == "where" && comma)
		note("where", before[1] ", " word)
	if (word == "who" && (before[1] == "" || ended || before[1] in openers))
		note("who", two)
	if (word in idioms || (before[1] "_" word) in idioms_of_2 ||
	    (before[2] "_" before[1] "_" word) in idioms_of_3)
		note("idiom", three)
	before[3] = before[2]
	before[2] = before[1]
	before[1] = word
	comma = raw ~ /,[]"')]*$/
	ended = raw ~ /[.;:!?][]"')]*$/
	words["all"]++
	words[class]++
}

FNR == 1 {
	kind = kind_of(FILENAME)
	class = kind == "c" || kind == "script" ? "comments" : "documents"
	inside = code = 0
	empty = 1
	end_text()
	files["all"]++
	files[class]++
}
{
	text = text_of($0)
	gsub(/\n/, " \n ", text)
	n = split(text, list, /[ \t]+/)
	for (i = 1; i <= n; i++) {
		if (list[i] == "\n")
			end_text()
		word = tolower(list[i])
		gsub(/^[^a-z]+|[^a-z]+$/, "", word)
		if (word != "")
			see_word(word, list[i])
	}
}
END {
	for (class in classes) {
		printf "total %s %d %d", class, files[class], words[class]
		for (i = 1; i <= n_names; i++)
			printf " %d", counts[class, names[i]]
		print ""
	}
}
