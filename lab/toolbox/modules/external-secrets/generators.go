// Package register has, of all generators, the one that the cluster uses.
package register

import _ "github.com/external-secrets/external-secrets/pkg/generator/ecr"
