/* yaml_scalar.h - what an unquoted YAML scalar means: YAML 1.2.2, chapter 10.3.2, core schema
 *
 * Pure. Numbers are held to 64 bits and to finite values, because JSON has no others.
 */
#ifndef LIB_YAML_SCALAR_H
#define LIB_YAML_SCALAR_H

#include "lib/yaml.h"

/* Sets kind and value from `node->text`. NULL, or what is wrong with it. */
const char *yaml_scalar_read(struct yaml_node *node);

#endif
