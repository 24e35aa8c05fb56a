// SPDX-License-Identifier: Apache-2.0
// What the report page's scripts find around them that TypeScript knows nothing of.
declare const d3: any;
