/**
 * Who may do what: tokens and keys, roles, tenants, quotas, rates and the audit of changes.
 *
 * <p>Every endpoint says by {@code @RolesAllowed} which role it needs ({@link io.amalgam.recipeservice.security.Roles});
 * one that says nothing is denied to all. What it shows is narrowed by the
 * {@link io.amalgam.recipeservice.security.Caller}'s tenant.
 */
package io.amalgam.recipeservice.security;
