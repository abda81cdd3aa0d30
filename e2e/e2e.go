// Package e2e proves the whole way of a message: it drives the built program as
// an office does, against a real Postfix, Kannel and HylaFAX (package rig), and
// looks at what arrived, what came back, and what Clarion says of it.
package e2e
