/* SPDX-License-Identifier: BSD-3-Clause */
/* Linked statically, for barspan run to refuse. */
int main(void)
{
	return 0;
}
