/* SPDX-License-Identifier: BSD-3-Clause */
/* Statically linked: barspan run refuses it. */
int main(void)
{
	return 0;
}
