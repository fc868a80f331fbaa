/** Small mistakes that a person could make in a source file, one at a time: which, where, and the text with it. */
import ts from "typescript";

export interface Mutant {
  file: string;
  line: number;
  /** What stood there and what stands there now. */
  from: string;
  to: string;
  text: string;
}

const OPERATORS: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusToken]: "-",
  [ts.SyntaxKind.MinusToken]: "+",
  [ts.SyntaxKind.AsteriskToken]: "+",
  [ts.SyntaxKind.LessThanToken]: "<=",
  [ts.SyntaxKind.LessThanEqualsToken]: "<",
  [ts.SyntaxKind.GreaterThanToken]: ">=",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
  [ts.SyntaxKind.AmpersandAmpersandToken]: "||",
  [ts.SyntaxKind.BarBarToken]: "&&",
  [ts.SyntaxKind.AmpersandToken]: "|",
  [ts.SyntaxKind.BarToken]: "&",
  [ts.SyntaxKind.PlusEqualsToken]: "-=",
  [ts.SyntaxKind.MinusEqualsToken]: "+=",
};

/** Every mutant of a file. Names, types and strings stay what they are. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];
  const replace = (node: ts.Node, to: string): void => {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const from = text.slice(start, node.end);
    mutants.push({ file, line, from, to, text: text.slice(0, start) + to + text.slice(node.end) });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const to = OPERATORS[node.operatorToken.kind];
      if (to !== undefined) replace(node.operatorToken, to);
    } else if (ts.isIfStatement(node) || ts.isWhileStatement(node)) {
      replace(node.expression, `!(${node.expression.getText(source)})`);
    } else if (ts.isNumericLiteral(node)) {
      replace(node, String(Number(node.text.replaceAll("_", "")) + 1));
    } else if (node.kind === ts.SyntaxKind.TrueKeyword) {
      replace(node, "false");
    } else if (node.kind === ts.SyntaxKind.FalseKeyword) {
      replace(node, "true");
    } else if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
      if (node.expression.expression.kind !== ts.SyntaxKind.SuperKeyword) replace(node, ";");
    } else if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) {
      if (node.operator === ts.SyntaxKind.PlusPlusToken) replace(node, node.getText(source).replace("++", "--"));
      if (node.operator === ts.SyntaxKind.ExclamationToken) replace(node, node.operand.getText(source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}
