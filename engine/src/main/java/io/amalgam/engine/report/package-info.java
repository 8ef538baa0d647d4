/** The merge report: how far models lie from their base and from each other, tensor by tensor, before they are merged. */
package io.amalgam.engine.report;
