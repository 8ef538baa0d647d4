/** JSON: reading what comes from outside, strictly, and writing what people read too. */
package io.amalgam.engine.json;
