/** Which sources of models and which stores of artifacts there are, by settings; and sending artifacts elsewhere. */
package io.amalgam.storage;
