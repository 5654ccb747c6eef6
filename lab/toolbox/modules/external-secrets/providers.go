// Package register has, of all providers, the one that the cluster uses: the others are two thirds of the build.
package register

import _ "github.com/external-secrets/external-secrets/pkg/provider/aws"
