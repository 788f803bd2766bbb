/* How Thrust's namespace is opened and closed, for headers that put something into it. Thrust
 * itself is not here. */
#pragma once

#define THRUST_NS_PREFIX
#define THRUST_NS_POSTFIX
#define THRUST_NS_QUALIFIER ::thrust
#define THRUST_NAMESPACE_BEGIN namespace thrust {
#define THRUST_NAMESPACE_END }
