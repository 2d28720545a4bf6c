/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
int main(void)
{
	return harness_run(suite_create("device"));
}
