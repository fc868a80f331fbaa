/** The version that reports carry. A test holds it equal to package.json. */
export const TOOL_VERSION = "0.1.0";
