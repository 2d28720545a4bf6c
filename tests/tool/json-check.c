/* SPDX-License-Identifier: BSD-3-Clause */
/* json-check FILE PATH=VALUE...: checks that a JSON file has these values. A
 * PATH is a sequence of keys and indices, separated by dots. After the PATH of
 * a list or an object, #=N checks the number of members. VALUE is compared as
 * text. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *find_value(const json_t *json, char *path)
{
	char *state;

	for (char *key = strtok_r(path, ".", &state); json && key;
	     key = strtok_r(NULL, ".", &state))
		json = json_is_array(json) ? json_array_get(json, strtoul(key, NULL, 10))
					   : json_object_get(json, key);
	return json;
}

static void to_text(char *out, size_t length, const json_t *json, int count)
{
	if (count)
		snprintf(out, length, "%zu",
			 json_is_array(json) ? json_array_size(json) : json_object_size(json));
	else if (json_is_integer(json))
		snprintf(out, length, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
	else if (json_is_string(json))
		snprintf(out, length, "%s", json_string_value(json));
	else
		snprintf(out, length, "%s",
			 json_is_true(json)    ? "true"
			 : json_is_false(json) ? "false"
					       : "(no value)");
}

static int check_argument(const json_t *root, const char *argument)
{
	char path[256], text[256];
	const char *expected = strrchr(argument, '=');
	int count = expected && expected > argument && expected[-1] == '#';
	const json_t *json;

	if (!expected || (size_t)(expected - argument) >= sizeof(path)) {
		printf("# %s: not PATH=VALUE\n", argument);
		return 1;
	}
	snprintf(path, sizeof(path), "%.*s", (int)(expected - argument) - count, argument);
	json = find_value(root, path);
	if (!json) {
		printf("# %s: not there\n", argument);
		return 1;
	}
	to_text(text, sizeof(text), json, count);
	if (!strcmp(text, expected + 1))
		return 0;
	printf("# %s: it is %s\n", argument, text);
	return 1;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *root = argc > 2 ? json_load_file(argv[1], JSON_REJECT_DUPLICATES, &error) : NULL;
	int status = EXIT_SUCCESS;

	if (!root) {
		printf("# json-check: %s\n", argc > 2 ? error.text : "arguments are missing");
		return EXIT_FAILURE;
	}
	for (int i = 2; i < argc; i++)
		if (check_argument(root, argv[i]))
			status = EXIT_FAILURE;
	json_decref(root);
	return status;
}
