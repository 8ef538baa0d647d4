/**
 * Where artifacts go, and models that lie in such places. The store is the state of every merge: what has a receipt is done,
 * what has a manifest exists, and every step can be repeated by anyone after any crash.
 */
package io.amalgam.engine.store;
